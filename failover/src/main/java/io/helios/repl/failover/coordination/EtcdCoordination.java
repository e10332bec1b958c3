package io.helios.repl.failover.coordination;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code coordination: etcd}. A register is a key, its version the key's mod_revision: a revision of the whole cluster, so never the
 * same for two values. Reads are linearizable, which is etcd's default; a swap is one transaction that compares the mod_revision. No call
 * takes longer than {@link CoordinationSettings.Etcd#timeout}. Any thread.
 *
 * <p>Throws {@link TransientException} (HR-8201) when no quorum answers, {@link OperatorException} (HR-8202) when etcd refuses us.
 */
public final class EtcdCoordination implements Coordination {

  private final EtcdMembers members;
  private final String prefix;

  /** Connects to nobody yet: a server starts whether etcd is there or not. */
  public EtcdCoordination(CoordinationSettings.Etcd settings) {
    this.members = new EtcdMembers(settings);
    this.prefix = settings.prefix();
  }

  @Override
  public Optional<Entry> read(String key) {
    return members.ask(kv -> kv.get(bytes(key))).getKvs().stream().findFirst().map(this::entry);
  }

  @Override
  public List<Entry> list(String keys) {
    GetOption option = GetOption.builder().isPrefix(true).build();
    return members.ask(kv -> kv.get(bytes(keys), option)).getKvs().stream()
        .map(this::entry)
        .sorted(Comparator.comparing(Entry::key))
        .toList();
  }

  @Override
  public boolean swap(String key, long version, @Nullable String value) {
    ByteSequence register = bytes(key);
    Cmp unchanged = new Cmp(register, Cmp.Op.EQUAL, CmpTarget.modRevision(version));
    Op change =
        value == null
            ? Op.delete(register, DeleteOption.DEFAULT)
            : Op.put(register, ByteSequence.from(value, UTF_8), PutOption.DEFAULT);
    TxnResponse answer = members.order(kv -> kv.txn().If(unchanged).Then(change).commit());
    return answer.isSucceeded();
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void close() {
    members.close();
  }

  private ByteSequence bytes(String key) {
    return ByteSequence.from(prefix + key, UTF_8);
  }

  private Entry entry(KeyValue found) {
    return new Entry(
        found.getKey().toString(UTF_8).substring(prefix.length()), found.getValue().toString(UTF_8), found.getModRevision());
  }
}
