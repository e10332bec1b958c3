/** Changes that are gone, or that may be: each way of losing some, on real servers, and its cure. */
package io.helios.repl.tests.gaps;
