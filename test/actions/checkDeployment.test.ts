import { expect } from "chai";
import { keccak256, type Signer } from "ethers";
import { network } from "hardhat";

import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { checkDeployment, defineGuardConfig, type DeploymentCheck, type Hex, type Request } from "../../src/index.js";
import type { ContractInput, DeploymentInput, DeploymentReport } from "../../src/index.js";
import { noted } from "../../tools/deployment.js";
import { rejected } from "../../tools/errors.js";
import {
  NativeSource__factory,
  PinBoard__factory,
  PolicyTarget__factory,
  RecordedHashes__factory,
  StandaloneGuard__factory,
  StateProofLens__factory,
  ToldSource__factory,
  type PolicyTarget,
} from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const CHAIN_ID = 31_337;
const UNLISTED = 999_999_937;
const SPANS = { gap: 900, staleFor: 600, graceFor: 1_200, exitsFor: 3_600 };
const SCOPE = { chain: CHAIN_ID, minDepth: 1, maxAge: 1_000, ...SPANS } as const;
const { scopes } = defineGuardConfig({ chains: { [CHAIN_ID]: { keeperLatency: 60 } }, scopes: { eth: SCOPE } });
const { id, config } = scopes.eth;
const DELAY = 172_800; // seconds: the default of two days
const WRONG: Hex = `0x${"be".repeat(32)}`;
const NOBODY: Hex = `0x${"00".repeat(20)}`;
const DEPTHS = [1, 256, 257, 8_191];

describe("checkDeployment", () => {
  let chain: HardhatChain;
  let owner: Signer;
  let pauser: Hex;
  let configurator: Hex;

  beforeEach(() => start());
  afterEach(() => chain.close());

  async function start(chainId = CHAIN_ID): Promise<void> {
    chain = await forks.create({ chainId });
    const signers = (await chain.tools.ethers.getSigners()) as Signer[];
    owner = signers[0]!;
    [pauser, configurator] = (await Promise.all([signers[1]!.getAddress(), signers[2]!.getAddress()])) as [Hex, Hex];
  }

  const standalone = async (): Promise<ContractInput> => ({
    ...(await noted(chain.request, await new StandaloneGuard__factory(owner).deploy())),
    kind: "standalone-guard",
  });

  async function perps(): Promise<{ target: PolicyTarget; input: ContractInput }> {
    const target = await new PolicyTarget__factory(owner).deploy(pauser, configurator);
    await target.configure(id, config);
    const roles = { pauser, configurator, delay: DELAY };
    const found = await noted(chain.request, target);
    return { target, input: { ...found, kind: "settlement-guard", roles, scopes: { eth: config } } };
  }

  const check = (
    contracts: DeploymentInput["contracts"],
    request: Request = chain.request,
    chainId = CHAIN_ID,
  ): Promise<DeploymentReport> => checkDeployment(request, { deployment: { chainId, contracts } });

  /** The chain, whose answer to one method is changed. */
  const answering = (method: string, change: (answer: unknown, params: readonly unknown[]) => unknown): Request => {
    return async (args) => {
      const answer = await chain.request(args);
      return args.method === method ? change(answer, args.params ?? []) : answer;
    };
  };

  const wrong = ({ checks }: DeploymentReport): DeploymentCheck[] => checks.filter(({ outcome }) => outcome !== "ok");
  const found = ({ checks }: DeploymentReport, name: string): DeploymentCheck =>
    checks.find(({ check }) => check === name)!;

  it("says ok of each kind of contract that is what it should be, and of the source at each edge", async () => {
    const guard = await standalone();
    const { input } = await perps();
    const own = { chainId: CHAIN_ID, tier: "head" } as const;
    const board = await noted(chain.request, await new PinBoard__factory(owner).deploy());
    const source = await noted(chain.request, await new NativeSource__factory(owner).deploy());
    const lens = await noted(chain.request, await new StateProofLens__factory(owner).deploy());
    await chain.mine(8_200);
    const report = await check({
      guard,
      perps: input,
      board: { ...board, kind: "pin-board" },
      source: { ...source, kind: "source", source: own },
      lens: { ...lens, kind: "code" },
    });
    expect(wrong(report)).to.deep.equal([]);
    expect(report.outcome).to.equal("ok");
    expect(report.block).to.deep.equal(chain.head);
    for (const depth of DEPTHS)
      for (const name of ["guard", "perps", "board", "source"])
        expect(report.checks.filter((it) => it.contract === name && it.check === `source at head - ${depth}`)).to.have.length(1); // prettier-ignore
    expect(found(report, "code").detail).to.contain("proven under the state root");
    expect(found(report, "source at head - 257, scope eth").detail).to.match(/^it accepts block/);
    expect(found(report, "source at head - 8191, scope eth").detail).to.match(/^outside of its bounds: AnchorTooDeep/);
  });

  it("SG-4: says unknown where the chain is too short, and where the source keeps no more", async () => {
    const guard = await standalone();
    await chain.mine(300);
    const report = await check({ guard });
    expect(report.outcome).to.equal("unknown");
    expect(wrong(report).map(({ check, detail }) => [check, detail])).to.deep.equal([
      ["source at head - 8191", `the chain has ${chain.head.number} blocks after its genesis`],
    ]);

    // Nothing was recorded but one block.
    const native = await new NativeSource__factory(owner).deploy();
    const ring = await new RecordedHashes__factory(owner).deploy(native, CHAIN_ID, 100);
    const source = { ...(await noted(chain.request, ring)), kind: "source" } as const;
    await ring.record(chain.head.number);
    const recorded = await check({ source });
    expect(found(recorded, "source at head - 1").outcome).to.equal("ok");
    expect(found(recorded, "source at head - 256").outcome).to.equal("unknown");
    expect(found(recorded, "source at head - 257").detail).to.match(/^it does not know block/);
  });

  it("fails where the code is another, or there is none, and is unknown where nobody says which it should be", async () => {
    const guard = await standalone();
    const address = await new StateProofLens__factory(owner).deploy().then((lens) => lens.getAddress());
    const { codeHash, ...unsaid } = guard;
    const other = await check({ guard: { ...guard, address } });
    expect(found(other, "code")).to.deep.include({ outcome: "failed", expected: codeHash });
    expect(found(other, "receipt")).to.deep.include({ outcome: "failed", actual: guard.address.toLowerCase() });
    expect(found(other, "source at head - 1").outcome).to.equal("unknown");
    const none = await check({ guard: { ...guard, address: await owner.getAddress() } });
    expect(found(none, "code")).to.deep.include({ outcome: "failed", actual: "none" });
    const open = await check({ guard: unsaid });
    expect(found(open, "code").outcome).to.equal("unknown");
    expect(found(open, "code").detail).to.contain(codeHash);
  });

  it("SG-15: fails where the endpoint gives code that the state does not hold", async () => {
    const guard = await standalone();
    const code: Hex = "0x6001600155";
    const request = answering("eth_getCode", () => code);
    const lie = await check({ guard: { ...guard, codeHash: keccak256(code) } }, request);
    expect(found(lie, "code")).to.deep.include({ outcome: "failed", expected: guard.codeHash });
    expect(found(lie, "code").detail).to.match(/the block's state does not hold/);
    // Without proofs it says that nothing is proven.
    const deaf: Request = (args) =>
      args.method === "eth_getProof" ? Promise.reject(new Error("method not found")) : chain.request(args);
    expect(found(await check({ guard }, deaf), "code")).to.deep.include({ outcome: "ok" });
    expect(found(await check({ guard }, deaf), "code").detail).to.contain("not proven under the state root: method not found"); // prettier-ignore
  });

  it("blames no contract for code that an endpoint withholds or changes, where the state holds the right one", async () => {
    const guard = await standalone();
    for (const lie of ["0x", "0x00"]) {
      const report = await check(
        { guard },
        answering("eth_getCode", () => lie),
      );
      const { outcome, detail, expected } = found(report, "code");
      expect([outcome, expected], lie).to.deep.equal(["failed", guard.codeHash]);
      expect(detail, lie).to.match(/^the endpoint gives code that the block's state does not hold/);
    }
  });

  it("fails where the chain has another id, with both", async () => {
    const report = await check({ guard: await standalone() }, chain.request, 1);
    const { outcome, expected, actual } = found(report, "chain id");
    expect([outcome, expected, actual]).to.deep.equal(["failed", "1", "31337"]);
    expect(report.outcome).to.equal("failed");
  });

  it("SG-15: fails where a reorg dropped the deployment, with both hashes", async () => {
    await chain.mine(5);
    const guard = await standalone();
    await chain.mine(2);
    expect(found(await check({ guard }), "receipt").outcome).to.equal("ok");
    await chain.reorg({ depth: 3, keep: false });
    const report = await check({ guard });
    const { hash } = chain.at(BigInt(guard.receipt!.blockNumber))!;
    expect(found(report, "receipt")).to.deep.include({
      outcome: "failed",
      expected: guard.receipt!.blockHash,
      actual: hash,
    });
    expect(found(report, "code").actual).to.equal("none");

    const beyond = { ...guard.receipt!, blockNumber: 1_000 };
    expect(found(await check({ guard: { ...guard, receipt: beyond } }), "receipt").outcome).to.equal("failed");
  });

  it("SG-15: judges the receipt by a header that was hashed here, and each of its members", async () => {
    const guard = await standalone();
    await chain.mine(2);
    const method = "eth_getTransactionReceipt";
    const receipt = async (change: (answer: unknown) => unknown) =>
      found(await check({ guard }, answering(method, change)), "receipt");
    for (const [member, value] of [
      ["blockHash", WRONG],
      ["status", "0x0"],
      ["transactionHash", WRONG],
      ["blockNumber", "0x7"],
      ["contractAddress", pauser.toLowerCase()],
    ] as const) {
      const { outcome, detail, actual } = await receipt((answer) => ({ ...(answer as object), [member]: value }));
      expect([outcome, actual], member).to.deep.equal(["failed", value]);
      expect(detail).to.contain(member);
    }
    expect((await receipt(() => null)).outcome).to.equal("unknown");
    for (const none of [{}, [], "0x"])
      expect((await receipt(() => none)).outcome, JSON.stringify(none)).to.equal("unknown");
    for (const part of [{ status: "0x01" }, { blockHash: 7 }, { transactionHash: undefined }])
      expect((await receipt((answer) => ({ ...(answer as object), ...part }))).outcome).to.equal("unknown");
    // A header that is made up hashes to something else.
    const made = answering("eth_getBlockByNumber", (block, [tag]) =>
      tag === guard.receipt!.blockNumber ? { ...(block as object), stateRoot: WRONG } : block,
    );
    const { outcome, detail } = found(await check({ guard }, made), "receipt");
    expect([outcome, /claims/.test(detail)], detail).to.deep.equal(["unknown", true]);
  });

  it("SG-3: fails where a source knows another hash, and is unknown where it gives no answer", async () => {
    const told = await new ToldSource__factory(owner).deploy(CHAIN_ID, 1);
    const source = { ...(await noted(chain.request, told)), kind: "source", source: { tier: "safe" } } as const;
    const MANNERS = ["Honest", "Reverting", "Empty", "OneWord", "ThreeWords", "Burning", "HugeAnswer", "KnownZero", "UnknownHash", "DisagreeingHash", "NoAnswer"]; // prettier-ignore
    for (const [manner, outcome] of [
      ["Honest", "failed"],
      ["Reverting", "unknown"],
      ["Empty", "unknown"],
      ["ThreeWords", "unknown"],
      ["KnownZero", "failed"],
      ["UnknownHash", "failed"],
      ["DisagreeingHash", "failed"],
      ["NoAnswer", "failed"],
    ] as const) {
      await told.behave(MANNERS.indexOf(manner));
      const { number, hash } = chain.head;
      await told.tell(number, WRONG); // in the block after it
      const finding = found(await check({ source }), "source at head - 1");
      expect(finding.outcome, manner).to.equal(outcome);
      if (manner === "Honest") expect(finding).to.deep.include({ expected: hash, actual: WRONG });
    }
    const other = await check({ source: { ...source, source: { chainId: 1, tier: "finalized" } } });
    expect(found(other, "tier")).to.deep.include({ outcome: "failed", expected: "finalized", actual: "safe" });
    expect(found(other, "source's chain")).to.deep.include({ outcome: "failed", expected: "1", actual: "31337" });
    expect(found(other, "source at head - 1").detail).to.equal("this endpoint has no headers of chain 1");
  });

  it("SG-1: fails where a guard accepts a hash that no block has, or refuses the chain's own", async () => {
    const guard = await standalone();
    await chain.mine(5);
    const word = (value: number): string => value.toString(16).padStart(64, "0");
    const preview = (change: (answer: string, data: string) => string): Promise<DeploymentReport> =>
      check({ guard }, answering("eth_call", (answer, [call]) => change(String(answer), (call as { data: string }).data))); // prettier-ignore
    const easy = await preview(() => `0x${word(1)}${word(64)}${word(0)}`);
    expect(found(easy, "source at head - 1")).to.deep.include({ outcome: "failed", actual: "accepted" });
    expect(found(easy, "source at head - 1").detail).to.equal("it accepts a hash that no block has");
    const { hash } = chain.at(chain.head.number - 1n)!;
    const strict = await preview((answer) => answer.replaceAll(hash.slice(2), WRONG.slice(2)));
    expect(found(strict, "source at head - 1").outcome).to.equal("failed");
    for (const answer of [
      "0x",
      `0x${word(1)}`,
      `0x${word(0)}${word(64)}${word(0)}`,
      `0x${word(2)}${word(64)}${word(0)}`,
      `0x${word(1)}${word(64)}${word(99)}`,
    ])
      // prettier-ignore
      expect(found(await preview(() => answer), "source at head - 1").outcome, answer).to.equal("unknown");
  });

  it("SG-1: what a guard says of its bounds counts only where its heights are the chain's, and the bound is", async () => {
    const guard = await standalone();
    await chain.mine(5);
    const abi = StandaloneGuard__factory.createInterface();
    const { number: head } = chain.head;
    const refusing = async (
      error: "AnchorTooDeep" | "AnchorTooShallow" | "AnchorOutOfWindow",
      at: bigint,
      bound: bigint,
    ) => {
      const reason = abi.encodeErrorResult(error as "AnchorTooDeep", [head - 1n, at, bound]);
      const answer = abi.encodeFunctionResult("previewAnchored", [false, reason]);
      return found(
        await check(
          { guard },
          answering("eth_call", () => answer),
        ),
        "source at head - 1",
      ).outcome;
    };
    for (const [error, at, bound, outcome] of [
      ["AnchorTooDeep", head, 0n, "ok"],
      ["AnchorTooDeep", head + 1n, 1n, "ok"],
      ["AnchorTooDeep", head, 1n, "failed"],
      ["AnchorTooDeep", head + 1_000n, 256n, "failed"], // heights of another chain
      ["AnchorTooShallow", head, 2n, "ok"],
      ["AnchorTooShallow", head, 1n, "failed"],
      ["AnchorOutOfWindow", head, 0n, "unknown"],
      ["AnchorOutOfWindow", head + 9_000n, 8_191n, "failed"],
    ] as const)
      expect(await refusing(error, at, bound), `${error} ${at - head} ${bound}`).to.equal(outcome);
  });

  it("fails where a role is another's, where the delay or a scope is another, or the scope is not Synced", async () => {
    const { target, input } = await perps();
    const roles = { pauser: configurator, configurator: pauser, delay: DELAY };
    const swapped = await check({ perps: { ...input, roles } });
    for (const role of ["pauser", "configurator"])
      expect(found(swapped, role)).to.deep.include({ outcome: "failed", actual: "refused" });
    expect(found(swapped, "delay").outcome).to.equal("unknown");
    const nobody = await check({ perps: { ...input, roles: { pauser: NOBODY } } });
    expect(found(nobody, "pauser").outcome).to.equal("failed");
    const unguarded = await new PolicyTarget__factory(owner).deploy(NOBODY, configurator);
    const open = {
      address: await unguarded.getAddress(),
      kind: "settlement-guard",
      roles: { pauser: NOBODY, configurator, delay: DELAY },
    } as const;
    expect(found(await check({ open }), "pauser").outcome).to.equal("ok");
    expect(found(await check({ open }), "delay").outcome).to.equal("unknown");

    const changed = { ...config, gap: 901, policy: "0x1", parent: "btc" };
    const report = await check({
      perps: { ...input, roles: { ...input.roles, delay: 1 }, scopes: { eth: changed, btc: { gap: 900 } } },
    });
    const parent = `0x${Buffer.from("btc").toString("hex").padEnd(64, "0")}`;
    expect(found(report, "scope eth")).to.deep.include({
      outcome: "failed",
      expected: `policy 0x1, parent ${parent}, gap 901`,
      actual: `policy 0x${config.policy.toString(16)}, parent 0x${"00".repeat(32)}, gap 900`,
    });
    expect(found(report, "scope btc")).to.deep.include({ outcome: "failed", actual: "none" });
    expect(found(report, "delay")).to.deep.include({ outcome: "failed", expected: "1", actual: String(DELAY) });

    await target.raise(id, WRONG, 3, 1);
    expect(found(await check({ perps: input }), "status of eth")).to.deep.include({
      outcome: "failed",
      actual: "Diverged",
    });
    // An endpoint that takes no state override runs nothing.
    const plain: Request = ({ method, params = [] }) => chain.request({ method, params: params.slice(0, 2) });
    expect(found(await check({ perps: input }, plain), "pauser")).to.deep.include({ outcome: "unknown" });
  });

  it("SG-16: says of a chain that is not listed what its own header proves", async () => {
    await chain.close();
    await start(UNLISTED);
    const lens = await noted(chain.request, await new StateProofLens__factory(owner).deploy());
    await chain.mine(5);
    const contracts = { lens: { ...lens, kind: "code" } } as const;
    const report = await check(contracts, chain.request, UNLISTED);
    expect([report.outcome, found(report, "chain proves itself").outcome]).to.deep.equal(["ok", "ok"]);
    const lying = answering("eth_call", (answer) => `${String(answer).slice(0, 66)}${"ab".repeat(64)}`);
    const other = found(await check(contracts, lying, UNLISTED), "chain proves itself");
    expect(other).to.deep.include({ outcome: "failed", actual: `0x${"ab".repeat(32)}` });
    const options = { deployment: { chainId: UNLISTED, source: "arbitrum", contracts } } as const;
    expect(found(await checkDeployment(chain.request, options), "chain proves itself").outcome).to.equal("unknown");
  });

  it("SG-15: an endpoint that answers anything else makes nothing ok, and one that changes its branch is seen", async () => {
    const guard = await standalone();
    await chain.mine(3);
    for (const junk of [null, 7, "0x", "0xzz", {}, [], "no", { error: { message: "quota" } }]) {
      const request: Request = (args) =>
        args.method === "eth_getBlockByNumber" ? chain.request(args) : Promise.resolve(junk);
      const report = await check({ guard }, request);
      expect(report.checks.filter(({ outcome }) => outcome === "ok").map(({ check }) => check)).to.deep.equal(["branch"]); // prettier-ignore
    }
    let asked = 0;
    const moving: Request = async (args) => {
      if (args.method === "eth_getTransactionReceipt" && asked++ === 0) await chain.reorg({ depth: 1 });
      return chain.request(args);
    };
    const moved = found(await check({ guard }, moving), "branch");
    expect([moved.outcome, moved.detail.endsWith("check again")]).to.deep.equal(["unknown", true]);
    await rejected(
      "RPC_FAILED",
      check({ guard }, () => Promise.reject(new Error("down"))),
    );
  });

  it("refuses a deployment that cannot be checked, with each fault in its line", async () => {
    const address = `0x${"12".repeat(20)}`;
    const nothing: Request = () => Promise.reject(new Error("nothing is to be asked"));
    const faults = async (deployment: unknown): Promise<string[]> => {
      const { details } = await rejected(
        "INVALID_CONFIG",
        checkDeployment(nothing, { deployment: deployment as never }),
      );
      return details.faults.map(({ line, reason }) => `${line}: ${reason}`);
    };
    expect(await faults({ chainId: 1, contracts: {} })).to.deep.equal(["contracts: there is none, so nothing would be checked"]); // prettier-ignore
    expect((await faults([]))[0]).to.match(/^the configuration: /);
    for (const [contract, fault] of [
      [{ address, kind: "guard" }, /^contracts\["a"\]\.kind: it is "guard": expected one of standalone-guard/],
      [{ address: "0x12", kind: "code" }, /\.address: it is "0x12": expected 20 bytes in hexadecimal/],
      [{ kind: "code" }, /\.address: it is missing/],
      [{ address, kind: "code", codehash: WRONG }, /\.codehash: there is no such member/],
      [{ address, kind: "code", codeHash: 1 }, /\.codeHash: it is 1: expected 32 bytes/],
      [{ address, kind: "code", roles: {} }, /\.roles: nothing judges it of a code/],
      [{ address, kind: "pin-board", source: {} }, /\.source: nothing judges it of a pin-board/],
      [{ address, kind: "standalone-guard", pins: address }, /\.pins: nothing judges it of a standalone-guard/],
      [{ address, kind: "ledger-desk", pins: "none" }, /\.pins: it is "none": expected 20 bytes/],
      [
        { address, kind: "settlement-guard", ledgers: { eth: {} } },
        /\.ledgers: they are at a desk: name that one, too/,
      ],
      [
        { address, kind: "settlement-guard", desk: address, ledgers: { eth: { tier: "sure" } } },
        /\.ledgers\["eth"\]\.tier: it is "sure": expected one of head, safe, finalized/,
      ],
      [
        { address, kind: "settlement-guard", desk: address, ledgers: { eth: { administrator: 0 } } },
        /\.administrator: it is 0: expected 20 bytes/,
      ],
      [
        { address, kind: "settlement-guard", desk: address, ledgers: { eth: { quiet: 1 } } },
        /\.quiet: there is no such member/,
      ],
      [{ address, kind: "source", source: { tier: "Head" } }, /\.source\.tier: it is "Head"/],
      [{ address, kind: "code", receipt: { blockHash: WRONG } }, /\.receipt\.transactionHash: it is missing/],
      [{ address, kind: "settlement-guard", roles: { delay: 1 } }, /\.roles\.delay: it is asked as the configurator/],
      [{ address, kind: "settlement-guard", scopes: { eth: {} } }, /\.scopes\["eth"\]: it has no member/],
      [
        { address, kind: "settlement-guard", scopes: { eth: { gap: 1.5 } } },
        /\.gap: it is 1.5: expected a whole number/,
      ],
      [{ address, kind: "settlement-guard", scopes: { eth: { gop: 1 } } }, /\.gop: there is no such member/],
      [{ address, kind: "settlement-guard", scopes: { é: { gap: 1 } } }, /: expected 1 to 31 characters of ASCII/],
    ] as const)
      expect((await faults({ chainId: 1, contracts: { a: contract } })).join("\n")).to.match(fault);
    expect(await faults({ chainId: "one", source: "zksync", chain: 1, contracts: null })).to.have.length(4);
    await rejected("INVALID_OPTION", checkDeployment(nothing, { deployment: {}, config: 1 } as never));
  });
});
