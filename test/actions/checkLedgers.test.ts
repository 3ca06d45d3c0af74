import { expect } from "chai";
import { keccak256, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { toWord } from "../../src/core/bytes.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { checkDeployment, type DeploymentCheck, type Request } from "../../src/index.js";
import type { ContractInput, DeploymentReport, LedgerInput } from "../../src/index.js";
import { preparedOnce } from "../../tools/forks.js";
import { MARKET, WATCH } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { scopeNamed } from "../../tools/policy/world.js";
import { LedgerDesk__factory } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const DAY = 86_400;

describe("checkDeployment of a guard with ledgers, and of its desk", () => {
  let world: LedgerWorld;
  let administrator: string;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(async () => {
    world.reset();
    administrator = await world.administrator.getAddress();
  });

  const watched = (): LedgerInput => ({ ...WATCH, tier: "safe", administrator });
  const guardWith = (ledgers: Record<string, LedgerInput>): Record<string, ContractInput> => ({
    guard: { address: world.at.guard, kind: "settlement-guard", desk: world.at.desk, ledgers },
  });
  const check = (
    contracts: Record<string, ContractInput>,
    request: Request = world.chain.request,
    chainId = 31_337,
  ): Promise<DeploymentReport> => checkDeployment(request, { deployment: { chainId, contracts } });
  const found = ({ checks }: DeploymentReport, name: string): DeploymentCheck =>
    checks.find(({ check: each }) => each === name)!;
  const failure = (report: DeploymentReport, name: string) => {
    const { outcome, expected, actual } = found(report, name);
    expect(outcome, name).to.equal("failed");
    return [expected, actual];
  };

  it("says ok of a desk that is what it should be, with its board, and of each ledger that is watched as it should be", async () => {
    await world.chain.mine(300);
    const code = await world.chain.tools.ethers.provider.getCode(world.desk);
    const pins = await world.board.getAddress();
    const desk = { address: world.at.desk, kind: "ledger-desk", codeHash: keccak256(code), pins } as const;
    await world.commit();
    const report = await check({ desk, ...guardWith({ eth: watched(), btc: {} }) });
    for (const name of [
      "digest",
      "pins",
      "desk",
      "ledger eth",
      "state of ledger eth",
      "tier of ledger eth",
      "ledger btc",
    ])
      expect(found(report, name).outcome, name).to.equal("ok");
    for (const depth of [1, 256, 257])
      expect(report.checks.find((it) => it.contract === "desk" && it.check === `source at head - ${depth}`)?.outcome).to.equal("ok"); // prettier-ignore
    expect(found(report, "ledger btc").detail.toLowerCase()).to.equal(`${administrator.toLowerCase()} may change signers and rules after ${WATCH.delay} s`); // prettier-ignore
    expect(report.checks.filter(({ contract, outcome }) => contract === "desk" && outcome === "failed")).to.deep.equal(
      [],
    );
  });

  it("fails where the guard names another desk, the desk another board, or signs for another chain", async () => {
    const other = await (await new LedgerDesk__factory(world.signer).deploy(ZeroAddress)).getAddress();
    const guard = { address: world.at.guard, kind: "settlement-guard", desk: other } as const;
    expect(failure(await check({ guard }), "desk")).to.deep.equal([other, world.at.desk].map((it) => it.toLowerCase()));
    const desk = { address: other, kind: "ledger-desk", pins: await world.board.getAddress() } as const;
    const report = await check({ desk });
    expect(failure(report, "pins")).to.deep.equal([desk.pins.toLowerCase(), ZeroAddress]);
    expect(found(report, "digest").outcome).to.equal("ok");
    const [expected, actual] = failure(await check({ desk }, world.chain.request, 1), "digest");
    expect(expected).to.not.equal(actual);
    // What is no desk answers nothing.
    const holder = { address: world.at.holder, kind: "ledger-desk" } as const;
    expect(found(await check({ desk: holder }), "digest").outcome).to.equal("unknown");
  });

  it("fails where a ledger's configuration is another, with each member that differs", async () => {
    for (const [member, value] of Object.entries(watched()) as [keyof LedgerInput, number | string][]) {
      const wrong = typeof value === "number" ? value + 1 : member === "tier" ? "finalized" : ZeroAddress;
      const shown = (of: number | string): string => `${member} ${String(of).toLowerCase()}`;
      const report = await check(guardWith({ eth: { ...watched(), [member]: wrong } }));
      expect(failure(report, "ledger eth"), member).to.deep.equal([shown(wrong), shown(value)]);
    }
  });

  it("says whether anybody may change a ledger's signers and rules", async () => {
    const exchange = scopeNamed("exchange");
    const config = { ...(await world.config()), administrator: ZeroAddress, delay: 0 };
    await world.guard.nameLedger(exchange, world.hashConfig(config));
    await world.desk.open(world.guard, exchange, config);
    const report = await check(guardWith({ exchange: { administrator: ZeroAddress } }));
    const { outcome, detail } = found(report, "ledger exchange");
    expect([outcome, detail]).to.deep.equal(["ok", "administrator: as expected; it has no administrator"]);
  });

  it("fails where nobody opened a ledger, and tells one that is named from none", async () => {
    const none = await check(guardWith({ exchange: {} }));
    expect(failure(none, "ledger exchange")).to.deep.equal(["an open ledger", "none"]);
    await world.guard.nameLedger(scopeNamed("exchange"), toWord(7n));
    const named = await check(guardWith({ exchange: {} }));
    expect(failure(named, "ledger exchange")).to.deep.equal(["an open ledger", "named"]);
    expect(found(named, "ledger exchange").detail).to.contain(toWord(7n));
    expect(failure(named, "state of ledger exchange")).to.deep.equal(["sound", "not open"]);
  });

  it("fails where a ledger is silent, contradicted or retired", async () => {
    const stateOf = async () => failure(await check(guardWith({ eth: {} })), "state of ledger eth");
    await world.chain.passTime({ seconds: WATCH.silence + 12 });
    expect(await stateOf()).to.deep.equal(["sound", "silent"]);
    const { anchor } = await world.anchor();
    await world.desk.disputeAnchor(await world.sign(await world.next({ anchor: { ...anchor, hash: toWord(1n) } })));
    expect(await stateOf()).to.deep.equal(["sound", "contradicted"]);
    await world.chain.stall({ seconds: 4 * 29 * DAY });
    await world.chain.mine();
    await world.desk.retire(world.guard, MARKET);
    expect(await stateOf()).to.deep.equal(["sound", "retired"]);
  });

  it("fails where the newest block of the ledger's tier is older than may be relayed", async () => {
    await world.chain.mine(300);
    const behind = (depth: bigint): Request => {
      return ({ method, params = [] }) => {
        const at = params[0] === "safe" ? [`0x${(world.chain.head.number + 1n - depth).toString(16)}`, false] : params;
        return world.chain.request({ method, params: at });
      };
    };
    const tierAt = (depth: bigint) => check(guardWith({ eth: {} }), behind(depth));
    expect(found(await tierAt(256n), "tier of ledger eth").outcome).to.equal("ok");
    expect(failure(await tierAt(257n), "tier of ledger eth")).to.deep.equal(["at most 256", "257"]);
  });

  it("SG-15: says unknown of what an endpoint does not prove, and takes no value that it made up", async () => {
    const deaf: Request = (args) =>
      args.method === "eth_getProof" ? Promise.reject(new Error("method not found")) : world.chain.request(args);
    const report = await check(guardWith({ eth: watched() }), deaf);
    for (const name of ["ledger eth", "tier of ledger eth"]) expect(found(report, name).outcome).to.equal("unknown");
    const lying: Request = async (args) => {
      const answer = await world.chain.request(args);
      if (args.method !== "eth_getProof") return answer;
      const { storageProof, ...rest } = answer as { storageProof: object[] };
      return { ...rest, storageProof: storageProof.map((slot) => ({ ...slot, value: "0x1" })) };
    };
    expect(found(await check(guardWith({ eth: watched() }), lying), "ledger eth").outcome).to.equal("unknown");
  });
});
