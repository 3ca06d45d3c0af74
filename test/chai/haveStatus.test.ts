import { expect, use } from "chai";
import { BrowserProvider, encodeBytes32String, type Contract } from "ethers";
import { network } from "hardhat";

import { assertAllowsOnly, assertStatus, type GuardLike } from "../../src/assert/index.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { packPolicy, STANDARD_POLICY, type Action, type Status } from "../../src/policy/policy.js";
import { failure, pass, type Both } from "../../tools/assertions.js";
import { rejected } from "../../tools/errors.js";

use(settlementGuardMatchers);

/** The columns of the standard policy, read off its table by hand. */
const OPEN = {
  Synced: ["Increase", "Withdraw", "Deposit", "Settle", "Fund", "Liquidate", "Decrease", "Cancel"],
  Stale: ["Deposit", "Liquidate", "Decrease", "Cancel"],
} satisfies Partial<Record<Status, Action[]>>;
const NOBODY = `0x${"00".repeat(32)}`;
const CONFIG = { policy: packPolicy(STANDARD_POLICY), parent: NOBODY, minDepth: 1, maxAge: 256, keeperLatency: 60, gap: 900, staleFor: 600, graceFor: 600, exitsFor: 3_600, blockTime: 12_000, longestBlockTime: 13_500 }; // prettier-ignore

describe("haveStatus and allowOnly", function () {
  let chain: HardhatChain;
  /** Of its scopes "scope" is Diverged, and "sibling" is Synced. */
  let guard: Contract;

  before(async () => {
    chain = await hardhatForks(network).create();
    const [pauser, configurator] = await chain.tools.ethers.getSigners();
    const args = [pauser!.address, configurator!.address, CONFIG];
    guard = (await chain.tools.ethers.deployContract("InheritedTarget", args)) as unknown as Contract;
    await chain.mine(2);
  });
  after(() => chain.close());

  const status = (scope: string, wanted: Status, asked: GuardLike = guard): Both => ({
    chai: () => expect(asked).to.haveStatus(scope, wanted),
    plain: () => assertStatus(asked, { scope, status: wanted }),
  });
  const statusNot = (scope: string, wanted: Status): Both => ({
    chai: () => expect(guard).not.to.haveStatus(scope, wanted),
    plain: () => assertStatus.not(guard, { scope, status: wanted }),
  });
  const allows = (scope: string, actions: Action[]): Both => ({
    chai: () => expect(guard).to.allowOnly(scope, actions),
    plain: () => assertAllowsOnly(guard, { scope, actions }),
  });
  const allowsDuring = (scope: string, actions: Action[], wanted: Status): Both => ({
    chai: () => expect(guard).to.allowOnly(scope, actions).during(wanted),
    plain: () => assertAllowsOnly(guard, { scope, actions, status: wanted }),
  });

  it("passes for the status, of a contract of ethers, or of an address with a connection", async () => {
    await pass(status("sibling", "Synced"));
    await pass(status(encodeBytes32String("scope"), "Diverged"));
    const address = await guard.getAddress();
    for (const connection of [chain, chain.request, new BrowserProvider(chain)])
      await pass(status("scope", "Diverged", { address, connection }));
    await expect(guard).toHaveStatus("scope", "Diverged");
    await pass(statusNot("scope", "Halted"));
  });

  it("fails for another status with both, and says why it is so", async () => {
    expect(await failure(status("scope", "Synced"))).to.match(
      /^Expected scope "scope" to be Synced, but it is Diverged\. Scope "scope" is Diverged at block \d+, .* by cause "cause", by evidence of block 1\. /,
    );
    expect(await failure(statusNot("sibling", "Synced"))).to.match(
      /^Expected scope "sibling" not to be Synced, but it is Synced\. Scope "sibling" is Synced at block/,
    );
  });

  it("fails, negated or not, for a scope that nobody configured, and for a status or an action that is none", async () => {
    const ending =
      "but it has no configuration: without one it is Halted, and lets nothing through, whatever its name.";
    expect(await failure(status("sibblin", "Halted"))).to.equal(`Expected scope "sibblin" to be Halted, ${ending}`);
    expect(await failure(statusNot("sibblin", "Synced"))).to.equal(
      `Expected scope "sibblin" not to be Synced, ${ending}`,
    );
    expect(await failure(allows("sibblin", []))).to.equal(`Expected scope "sibblin" to let through nothing alone, ${ending}`); // prettier-ignore
    for (const both of [statusNot("sibling", "Sinced" as Status), allowsDuring("sibling", [], "Sinced" as Status)])
      for (const run of Object.values(both))
        expect((await rejected("INVALID_MATCHER", Promise.resolve(run()))).message).to.equal(
          '"Sinced" is no status: there are Synced, Lagging, Stale, Diverged and Halted.',
        );
    for (const run of Object.values(allows("sibling", ["Decreace" as Action])))
      expect((await rejected("INVALID_MATCHER", Promise.resolve(run()))).message).to.match(/^"Decreace" is no action/);
    const refused = await rejected("INVALID_MATCHER", assertStatus("perps" as never, { scope: "s", status: "Synced" }));
    expect(refused.message).to.equal(
      `A guard is a contract of ethers, or { address, connection }, and this is "perps".`,
    );
  });

  it("passes for exactly what is open, in any order, and during its status", async () => {
    await pass(allows("sibling", OPEN.Synced));
    await pass(allowsDuring("sibling", OPEN.Synced.toReversed(), "Synced"));
    const snapshot = await chain.request({ method: "evm_snapshot" });
    const perps = guard;
    // #region scope
    await chain.stall({ seconds: 3_600 });
    await chain.mine();
    await expect(perps).to.haveStatus("sibling", "Stale");
    await expect(perps).to.allowOnly("sibling", ["Deposit", "Liquidate", "Decrease", "Cancel"]).during("Stale");
    await assertStatus(perps, { scope: "sibling", status: "Stale" });
    // #endregion scope
    await pass(allowsDuring("sibling", OPEN.Stale, "Stale"));
    await chain.request({ method: "evm_revert", params: [snapshot] });
    await pass(status("sibling", "Synced"));
  });

  it("fails for what is open and not listed, and for what is listed and denied, by the guard's reason", async () => {
    const [increase, ...others] = OPEN.Synced;
    expect(await failure(allows("sibling", others))).to.equal(
      'Expected scope "sibling" to let through Withdraw, Deposit, Settle, Fund, Liquidate, Decrease and Cancel alone, but while it is Synced, it lets Increase through (Allow).',
    );
    const wrong = await failure(allows("scope", ["Deposit", "Cancel", increase!]));
    expect(wrong).to.match(
      /^Expected scope "scope" to let through Deposit, Cancel and Increase alone, but while it is Diverged, it denies Increase: ActionDenied: action 0 \(Increase\) is not open in scope "scope", whose status is 3 \(Diverged\); it lets Liquidate through \(AllowConservative\); it lets Decrease through \(AllowConservative\)\.$/,
    );
    expect(await failure(allowsDuring("scope", ["Deposit"], "Stale"))).to.match(
      /^Expected scope "scope" to be Stale, but it is Diverged\./,
    );
  });

  it("refuses what would not be clear", async () => {
    expect(() => expect(guard).not.to.allowOnly("scope", [])).to.throw("Do not combine .not with .allowOnly()");
    const first = expect(guard).to.haveStatus("sibling", "Synced") as unknown as Chai.ActionsAssertion;
    expect(() => first.during("Synced")).to.throw("Use .during() after .allowOnly().");
    await first;
  });

  it("throws, negated or not, where there is no guard or no endpoint", async () => {
    const nowhere = { address: `0x${"99".repeat(20)}`, connection: chain.request };
    await rejected("INVALID_RESPONSE", assertStatus.not(nowhere, { scope: "scope", status: "Synced" }));
    const unconnected = guard.connect(null) as Contract;
    await rejected("INVALID_CONNECTION", assertStatus.not(unconnected, { scope: "scope", status: "Synced" }));
  });
});
