package io.helios.repl.tui.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which line of a list is chosen, and which is the first to be seen. It keeps to the thing, not to the place: the chosen
 * tenant stays chosen when the list is sorted anew. As long as nothing was chosen it is the first line, whatever that is.
 */
final class Cursor {

  private @Nullable String key;
  private int index;
  private int top;

  /** Finds its thing in the new list; where it is gone, what has taken its place is chosen. */
  void relist(List<String> keys) {
    if (key == null) {
      index = 0;
      return;
    }
    int found = keys.indexOf(key);
    if (found >= 0) {
      index = found;
    } else {
      index = Math.max(0, Math.min(index, keys.size() - 1));
      key = keys.isEmpty() || index == 0 ? null : keys.get(index);
    }
  }

  void move(List<String> keys, long delta) {
    to(keys, index + delta);
  }

  void to(List<String> keys, long wanted) {
    index = (int) Math.max(0, Math.min(wanted, keys.size() - 1L));
    key = keys.isEmpty() ? null : keys.get(index);
  }

  /** Nothing is chosen any more. */
  void reset() {
    key = null;
    index = 0;
    top = 0;
  }

  int index() {
    return index;
  }

  /** Scrolls no more than it takes to show the chosen line among {@code rows}. */
  int top(int size, int rows) {
    top = Math.min(top, Math.max(0, size - rows));
    if (index < top) {
      top = index;
    } else if (index >= top + rows) {
      top = index - rows + 1;
    }
    top = Math.max(0, top);
    return top;
  }
}
