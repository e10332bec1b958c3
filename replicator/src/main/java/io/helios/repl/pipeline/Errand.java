package io.helios.repl.pipeline;

import java.util.UUID;

/** Something that another region's server is to be told of one tenant, until it is known there. */
sealed interface Errand {

  UUID tenant();

  /** What is wanted of it at the moment of telling. */
  record Give(UUID tenant) implements Errand {}

  record TakeBack(UUID tenant, UUID incarnation) implements Errand {}
}
