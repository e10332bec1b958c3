package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What slips out of tired fingers, command by command; what needs more than words on one line is in {@link WrongUseTest}. */
class WrongInvocationsTest {

  @TempDir Path directory;

  @ParameterizedTest(name = "{2}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2 | did you mean server       | servr run
          2 | Unmatched argument        | server start
          2 | Unknown option            | server run --port 80
          2 | Unknown option            | server run --foreground
          2 | Missing required          | server run --config
          2 | Missing required          | server run --listen
          2 | without a name            | server run --config=
          2 | Unmatched argument        | server run helios-repl.yaml
          2 | Unmatched argument        | server status now
          2 | is no duration            | server status --watch=2
          2 | is no duration            | server status --watch=-2s
          2 | is none of                | server status -o csv
          2 | Unknown option            | server config --all
          2 | Unmatched argument        | server drain now
          2 | is no duration            | server drain --wait --timeout 5
          2 | --undo takes neither      | server drain --undo --wait
          2 | --undo takes neither      | server drain --undo --dry-run
          9 | cannot be reached         | server drain
          2 | Usage:                    | server pki
          2 | Missing required          | server pki init
          2 | Unknown option            | server pki init --ca a --force
          2 | is not right for --name   | server pki init --ca a --name a/b
          2 | Missing required          | server pki request --name a --region eu
          2 | is not right for --name   | server pki request --name ../a --region eu --host a
          2 | is no region              | server pki request --name a --region eu/x --host a
          2 | is no host                | server pki request --name a --region eu --host https://a:7400
          2 | Missing required          | server pki issue --ca ca
          2 | --days 0 is not right     | server pki issue a.csr --ca ca --days 0
          2 | is not an int             | server pki issue a.csr --ca ca --days 1y
          6 | HR-9103                   | server pki issue no-such.csr --ca ca
          9 | cannot be reached         | server status
          9 | cannot be reached         | server status -o name
          2 | Usage:                    | context
          2 | Unmatched argument        | context show
          2 | did you mean list         | context lst
          2 | Missing required          | context use
          2 | Unmatched argument        | context use a b
          5 | there is no context       | context use nowhere
          5 | there is no context       | context use ../../etc/passwd
          2 | Unknown option            | context list --server http://127.0.0.1
          5 | there is no context       | tenant list --context nowhere
          2 | --server and --context    | tenant list --context a --server http://127.0.0.1:1
          2 | Missing required          | tenant list --context
          2 | Missing required          | tenant list --server
          2 | is no address of a server | tenant list --server http://
          2 | is no address of a server | tenant list --server http://127.0.0.1:7400?x=y
          2 | is no address of a server | tenant list --server unix:///run/helios
          2 | is no address of a server | tenant list --server http://[::1
          2 | in clear                  | tenant list --server helios.example.com:7400
          9 | cannot be reached         | tenant list --server https://127.0.0.1:1
          2 | Usage:                    | runbook
          2 | did you mean              | runbook lnt
          2 | Missing required          | runbook lint
          2 | cannot be read            | runbook lint no-such-file.yaml
          2 | Missing required          | runbook run
          2 | cannot be read            | runbook run no-such-file.yaml
          2 | KEY=VALUE                 | runbook run f.yaml --set tenant
          2 | Unknown option            | runbook run f.yaml --yes
          9 | cannot be reached         | runbook show
          9 | cannot be reached         | runbook show trial-1
          2 | --text is of one run      | runbook show --text
          2 | is no duration            | runbook show --watch=2
          2 | Missing required          | runbook resume
          2 | more than one of          | runbook resume trial-1 --again --step-done
          9 | cannot be reached         | runbook resume trial-1
          2 | Unmatched argument        | source ls
          2 | did you mean              | source chek shop
          2 | Unmatched argument        | source list shop
          2 | Missing required          | source prepare
          2 | Unmatched argument        | source check shop other
          2 | is no name of a source    | source check sh*p
          2 | is no name of a source    | source prepare public.*
          2 | Unknown option            | source check shop --fix
          2 | Unknown option            | source check shop --dry-run
          9 | cannot be reached         | source check shop
          9 | cannot be reached         | source prepare shop --dry-run
          2 | Unknown option            | target prepare eu --force
          2 | is no name of a target    | target check eu-central-1/shop/x
          9 | cannot be reached         | target check eu
          2 | Unknown option            | tenant create a --from shop
          2 | Missing required          | tenant create a --source
          2 | Missing required          | tenant create a --source s --target t --key
          2 | should be specified only  | tenant create a --source s --source t --target u
          2 | is no duration            | tenant create a --source s --target t --lag-target soon
          2 | is no duration            | tenant create a --source s --target t --lag-target=-5s
          2 | Missing required          | tenant create -f
          2 | cannot be read            | tenant create -f /
          2 | cannot be read            | tenant create -f no-such-file.yaml
          2 | is no name of a tenant    | tenant create _a --source s --target t
          2 | is no name of a tenant    | tenant create a,b --source s --target t
          2 | is no name of a tenant    | tenant create a@b --source s --target t
          2 | is no name of a tenant    | tenant create ☃ --source s --target t
          9 | cannot be reached         | tenant create a --source s --target t
          2 | did you mean start        | tenant strt a
          2 | Unknown option            | tenant start a --now
          2 | Unknown option            | tenant start -all
          2 | Missing required          | tenant start a --wait --timeout
          2 | is no duration            | tenant start a --wait --timeout 5min
          2 | is no duration            | tenant start a --wait --timeout 1h30m
          2 | is not a boolean          | tenant start a --wait=yes/no b
          2 | Unknown option            | tenant stop a --purge
          2 | Unknown option            | tenant pause a --for 5m
          2 | is no name of a tenant    | tenant pause 'a'
          2 | Unknown option            | tenant resume a --from 0/0
          2 | Unknown option            | tenant resync a --tables t
          9 | cannot be reached         | tenant resync a --copy --yes
          2 | names and --all are given | tenant stop --all a
          2 | names and --all are given | tenant resync a b --all
          9 | cannot be reached         | tenant stop --all --yes
          2 | Unmatched argument        | tenant list acme
          2 | Unknown option            | tenant list --state FAILED
          2 | is no duration            | tenant list --watch=1.5s
          2 | is no duration            | tenant list --watch=s
          2 | Missing required          | tenant status --watch
          2 | is no name of a tenant    | tenant status a b c/d
          2 | is no name of a tenant    | tenant describe .
          2 | Missing required          | tenant describe -o json
          2 | cannot be waited for      | tenant wait a --for caughtup
          2 | cannot be waited for      | tenant wait a --for caught_up
          2 | cannot be waited for      | tenant wait a --for needs-resync
          2 | Missing required          | tenant wait a --for
          2 | is no duration            | tenant wait a --for paused --timeout 0
          2 | Unmatched argument        | tenant wait a b --for paused
          9 | cannot be reached         | tenant wait a --for caught-up --timeout 1s
          2 | Missing required          | tenant errors
          2 | is no name of a tenant    | tenant errors a/b
          2 | --limit is not right      | tenant errors a --limit 0
          2 | --limit                   | tenant errors a --limit many
          9 | cannot be reached         | tenant errors a
          3 | is not confirmed          | tenant delete a --purge
          3 | is not confirmed          | tenant delete a b --confirm=a
          3 | --confirm names another   | tenant delete acme --confirm=Acme
          2 | Missing required          | tenant delete a --confirm
          2 | is no name of a tenant    | tenant delete a/b --confirm=a/b
          9 | cannot be reached         | tenant delete a b --confirm=a,b
          2 | Missing required option   | apply
          2 | Missing required          | apply -f
          2 | Missing required option   | apply tenants.yaml
          2 | cannot be read            | apply -f no-such-file.yaml
          2 | cannot be read            | apply -f /
          2 | Unknown option            | apply -f x --force
          2 | Missing required          | apply -f x --confirm
          2 | Unmatched argument        | verify tenant-123
          2 | Missing required          | verify show
          2 | Missing required          | verify repair
          2 | Missing required          | verify cancel
          2 | is no duration            | verify run a --timeout 30
          2 | --parallelism             | verify run a --parallelism two
          2 | is no name of a tenant    | verify repair a/b --yes
          2 | is no name of a tenant    | verify cancel *
          2 | Unknown option            | verify run a --all
          9 | cannot be reached         | verify cancel a
          9 | cannot be reached         | verify repair a --yes
          2 | Usage:                    | migrate
          2 | did you mean cutover      | migrate cutver acme
          2 | Missing required          | migrate cutover
          2 | Missing required          | migrate plan
          2 | is no name of a tenant    | migrate plan a/b
          2 | is no name of a tenant    | migrate status a/b
          2 | is no name of a tenant    | migrate cutover a/b --confirm=a/b
          2 | no tenant is named        | migrate start
          2 | a name and a file         | migrate start acme -f moves.yaml
          2 | cannot be read            | migrate start -f no-such-file.yaml
          2 | is no duration            | migrate start acme --max-pause 100
          2 | --retry                   | migrate start acme --retry often
          2 | Unknown option            | migrate start acme --at 22:00
          2 | Unmatched argument        | migrate rollback a b
          3 | is not confirmed          | migrate cutover acme
          3 | is not confirmed          | migrate cutover acme --yes
          3 | --confirm names another   | migrate rollback acme --confirm=Acme
          3 | is not confirmed          | migrate complete acme --purge
          9 | cannot be reached         | migrate complete acme
          9 | cannot be reached         | migrate cancel acme --dry-run
          9 | cannot be reached         | migrate status --watch
          9 | cannot be reached         | migrate cutover acme --force lag,schema --confirm=acme
          2 | Usage:                    | failover
          2 | did you mean failback     | failover falback acme
          2 | no tenant is named        | failover run
          2 | names and --all-of        | failover run acme --all-of shop --confirm=shop
          2 | --rejoin goes on with one | failover run acme globex --rejoin
          2 | is no name of a tenant    | failover run a/b --confirm=a/b
          2 | is no name of a source    | failover run --all-of a/b --confirm=a/b
          2 | is no duration            | failover run acme --patience 2
          2 | Missing required          | failover failback
          2 | Missing required          | failover plan
          2 | no tenant is named        | failover status --export account.json
          2 | is no name of a tenant    | failover history a/b
          3 | is not confirmed          | failover run acme
          3 | is not confirmed          | failover run acme --yes
          3 | --confirm names another   | failover run --all-of shop --confirm=acme
          3 | --confirm names another   | failover run acme globex --confirm=acme
          3 | is not confirmed          | failover failback acme
          9 | cannot be reached         | failover run acme globex --confirm=acme,globex
          9 | cannot be reached         | failover run acme --rejoin
          9 | cannot be reached         | failover failback acme --max-pause 1s --confirm=acme
          2 | Missing required          | failover drill
          2 | is no name of a tenant    | failover drill a/b --confirm=a/b
          2 | is no duration            | failover drill acme --hold 5
          3 | is not confirmed          | failover drill acme
          9 | cannot be reached         | failover drill acme --guard-only
          9 | cannot be reached         | failover drill acme --confirm=acme --max-pause 1s
          9 | cannot be reached         | failover status --watch
          9 | cannot be reached         | failover history
          2 | Usage:                    | key
          2 | Missing required          | key rotate
          2 | Missing required          | key shred
          2 | is no name of a tenant    | key rotate a/b
          3 | is not confirmed          | key shred a
          3 | is not confirmed          | key shred a --yes
          3 | --confirm names another   | key shred a --confirm=b
          2 | Unmatched argument        | key list a
          9 | cannot be reached         | key list
          2 | Usage:                    | slot
          2 | Missing required          | slot drop
          2 | Missing required          | slot drop shop
          2 | is no name of a slot      | slot drop shop helios-shop
          2 | is no name of a slot      | slot drop shop Helios --confirm=Helios
          2 | is no name of a source    | slot drop a/b helios_shop
          3 | is not confirmed          | slot drop shop helios_shop
          3 | --confirm names another   | slot drop shop helios_shop --confirm=shop
          9 | cannot be reached         | slot list
          2 | Usage:                    | events
          2 | Unmatched argument        | events tail
          2 | --limit is not right      | events list --limit 0
          2 | --limit is not right      | events list --limit 1001
          2 | --limit                   | events list --limit all
          2 | --severity is not right   | events list --severity fatal
          2 | --audit is given with     | events list --audit --severity warn
          2 | --audit is given with     | events list --audit --tenant a
          2 | is no name of a tenant    | events list --tenant a/b
          2 | Unmatched argument        | events list acme
          9 | cannot be reached         | events list
          9 | cannot be reached         | events list -f
          2 | Usage:                    | audit
          2 | --head is not right       | audit verify --head abc
          2 | Unmatched argument        | audit verify all
          9 | cannot be reached         | audit verify
          5 | there is no error code    | explain HR-0000
          5 | there is no error code    | explain 42
          5 | there is no error code    | explain HR-2103 nonsense
          2 | is none of                | explain -o pdf
          2 | Missing required          | completion
          2 | there is no completion    | completion fish
          2 | Unmatched argument        | completion bash zsh
          2 | Missing required          | man-pages
          2 | Unknown option            | version --short
          2 | Unknown option            | demo --forever
          2 | Unmatched argument        | demo now
          2 | Unknown option            | --frobnicate
          2 | Unmatched argument        | help me
          """)
  void aSlipEndsWithItsExitCodeAndSaysWhy(int code, String said, String command) {
    Ran ran = Ran.command(command.split(" "));
    assertThat(ran.err()).contains(said);
    assertThat(ran.code()).isEqualTo(code);
    assertThat(ran.out()).as("data").isEmpty();
    if (!said.equals("Usage:")) {
      assertThat(ran.err()).startsWith("error HR-").contains("\n  why:  ", "\n  hint: ");
    }
    assertThat(ran.err()).doesNotContain("Exception", "\tat ", "null");
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          declares no tenant             | tenants: []
          declares no tenant             | {}
          is not YAML                    | tenants: [a
          is not YAML                    | tenants: [*.*]
          is not YAML                    | {tenants: [], tenants: []}
          "tenant" is not understood     | tenant: [{ name: a }]
          "defaults" is not understood   | defaults: [5]
          a tenant is no mapping         | tenants: [acme, globex]
          a tenant is no mapping         | [[a]]
          """)
  void aFileThatDeclaresNothingIsToldBeforeAnyServerIsAsked(String said, String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("tenants.yaml"), yaml);
    for (String[] command : new String[][] {{"apply", "-f", file.toString()}, {"tenant", "create", "-f", file.toString()}}) {
      Ran ran = Ran.command(command);
      assertThat(ran.code()).isEqualTo(2);
      assertThat(ran.err()).startsWith("error HR-1305: " + file).contains(said, "\n  why:  ", "\n  hint: ").doesNotContain("Exception");
      assertThat(ran.out()).isEmpty();
    }
  }
}
