/** Networks and targets on a bad day: connections cut, half-open and slow, servers that refuse for a while, and tenants that suffer it. */
@org.jspecify.annotations.NullMarked
package io.helios.repl.tests.net;
