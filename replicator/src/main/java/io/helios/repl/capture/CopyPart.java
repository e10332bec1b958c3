package io.helios.repl.capture;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.BlockRange;

/**
 * What one session copies at a time: a table's rows of the tenant, or those of them that lie in a range of its blocks.
 *
 * @param parts how many parts the table has
 * @param estimatedRows as the source's planner sees it
 * @param estimatedBytes on the source's disk
 */
public record CopyPart(TenantTable table, BlockRange blocks, int parts, long estimatedRows, long estimatedBytes) {}
