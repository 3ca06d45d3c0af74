import { strict as assert } from "node:assert";

import { network } from "hardhat";

import type { DeploymentReport } from "../../src/actions/checkDeployment.js";
import { SettlementGuardError, type ErrorCode } from "../../src/core/errors.js";
import { LIES, type Lies } from "../../src/forks/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { quorum } from "../../src/rpc/quorum.js";
import { LiarsWorld, type Ask } from "../../tools/liars.js";
import { announced, type Random } from "../../tools/random.js";

const CASES = process.env["HEAVY"] === "1" ? 5_000 : 100;
/** Milliseconds for a request, and where the lie is to come late. */
const [PATIENCE, LATE] = [5_000, 20];

/** What may be said of an endpoint. Each says that there is no answer to rely on, and none says something of the chain. */
const FAULTS: ReadonlySet<ErrorCode> = new Set([
  ...(["RPC_FAILED", "BLOCK_NOT_FOUND", "STATE_UNAVAILABLE", "BLOCK_NOT_CANONICAL"] as const),
  ...(["INVALID_RESPONSE", "INVALID_HEX", "INVALID_HEADER", "HEADER_HASH_MISMATCH"] as const),
  ...(["HEADER_NUMBER_MISMATCH", "STATE_ROOT_MISMATCH"] as const),
  ...(["PROOF_INVALID", "PROOF_OF_OTHER_STATE", "PROOF_FIELD_MISMATCH"] as const),
  ...(["ENDPOINTS_DISAGREE", "QUORUM_MISSED"] as const),
  // The chain's own source contradicts the header, or nothing is there that could be used.
  ...(["CHAIN_UNPROVEN", "DEPLOYMENT_REFUSED"] as const),
]);

/** Which lies an action cannot see, as docs/testing/endpoints.md lists them. */
const CHAIN = ["lag", "onBranch", "wrongHeader:forged"];
const BLIND: Readonly<Record<string, readonly string[]>> = {
  latestAnchor: CHAIN,
  latestStateAnchor: CHAIN,
  "fetchHeader by number": ["onBranch", "wrongHeader:forged"],
  "fetchHeader by tag": CHAIN,
  "prove at a tag": CHAIN,
  findStandstill: CHAIN,
  findStandstills: CHAIN,
  proveChain: ["lag", "onBranch"],
  explainScope: [...CHAIN, "wrongRead:value"],
  explainLedger: [...CHAIN, "wrongRead:value"],
  auditTrail: [...CHAIN, "wrongRead:logs"],
  checkDeployment: [...CHAIN, "wrongRead:value"],
  // Its check proves at the anchor, and there is no proof at a block that was made up.
  prepareCommitment: ["lag", "onBranch", "wrongRead:value"],
};

/** What an action did: what it returned, or the error that it threw. */
interface Outcome {
  readonly value?: unknown;
  readonly error?: SettlementGuardError;
  readonly text: string;
}

const decimals = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

async function outcomeOf(run: Promise<unknown>, note: string): Promise<Outcome> {
  try {
    const value = await run;
    return { value, text: JSON.stringify(value, decimals) ?? "nothing" };
  } catch (error) {
    if (!SettlementGuardError.is(error)) assert.fail(`${note}: no typed error: ${String((error as Error).stack)}`);
    return { error, text: `${error.code} ${JSON.stringify(error.details, decimals)}` };
  }
}

/** What a check of a deployment says of an endpoint that contradicts its own proof. */
const CONTRADICTED = "the endpoint gives code that the block's state does not hold";

/** A check of a deployment may be unknown in the place of its truth. */
function isDoubt(truth: unknown, value: unknown): boolean {
  const [honest, seen] = [truth, value] as [DeploymentReport, DeploymentReport];
  if (honest.block.hash !== seen.block.hash || honest.checks.length !== seen.checks.length) return false;
  return seen.checks.every(({ outcome, detail, expected, actual }, i) => {
    const it = honest.checks[i]!;
    if (outcome === "unknown" || detail === CONTRADICTED) return true;
    return outcome === it.outcome && expected === it.expected && actual === it.actual;
  });
}

/** The names of what a lie does, as {@link BLIND} has them. What a call returned is another value with zeros before it. */
function kindsOf(lies: Lies): string[] {
  const kinds = Object.entries(lies).flatMap(([lie, value]) => [lie, `${lie}:${String(value)}`]);
  return typeof lies.huge === "number" ? [...kinds, "wrongRead:value"] : kinds;
}

describe("under any lie an action of the SDK returns the truth, or an error about the endpoint", function () {
  let world: LiarsWorld;
  let actions: [name: string, ask: Ask][];
  const truths = new Map<string, Outcome>();

  before(async () => {
    world = await LiarsWorld.create(hardhatForks(network));
    const believing = Object.entries(world.believing);
    const [ours, theirs] = [world.chain.rpc("ours"), world.chain.rpc("theirs")];
    const amidHonest = believing.map(([name, ask]): [string, Ask] => [
      `${name} by a quorum`,
      (liar, timeout) => ask(quorum([liar, ours, theirs], { timeout }), 20 * timeout),
    ]);
    actions = [...Object.entries(world.anchored), ...believing, ...amidHonest];
    for (const [name, ask] of actions) truths.set(name, await outcomeOf(ask(world.chain.rpc(), 30_000), name));
  });
  after(() => world.close());

  /** Whether the action was deceived. Whatever is no error of this library fails at once. */
  async function isDeceived([name, ask]: [string, Ask], lies: Lies): Promise<boolean> {
    const timeout = lies.slow !== undefined || lies.huge === "endless" ? LATE : PATIENCE;
    const liar = world.chain.rpc("liar", lies);
    const { onBranch, ...shown } = lies;
    const note = `${name} under ${JSON.stringify({ ...shown, onBranch: onBranch !== undefined })}`;
    const { value, error, text } = await outcomeOf(ask(liar, timeout), note);
    const truth = truths.get(name)!;
    if (text === truth.text || (error !== undefined && FAULTS.has(error.code))) return false;
    if (name.startsWith("checkDeployment") && error === undefined && isDoubt(truth.value, value)) return false;
    const isBlind = kindsOf(lies).some((kind) => BLIND[name]?.includes(kind) === true);
    if (!isBlind)
      assert.fail(`${note}: a falsehood:\n${text.slice(0, 2_000)}\nthe truth:\n${truth.text.slice(0, 2_000)}`);
    return true;
  }

  /** Each lie by itself, and some that only together deceive. */
  function eachLie(): Lies[] {
    const chosen = Object.entries(LIES).flatMap(([lie, values]) => values.map((value): Lies => ({ [lie]: value })));
    const forged: Lies = { wrongHeader: "forged", field: "mixHash" };
    return [
      ...chosen,
      forged,
      { ...forged, refuses: "hash" },
      { ...forged, only: ["eth_getBlockByNumber"] },
      ...[1, 2].map((flap): Lies => ({ onBranch: world.other, flap })),
      // The header of a commitment's anchor, and of no event's block: auditTrail calls the anchor orphaned.
      { ...forged, only: ["eth_getBlockByNumber"], flap: 8 },
      { lag: 8 },
      { onBranch: world.other },
      { swapSlot: true },
      { slow: 2 * LATE },
      ...([10_000, "endless", "gzip", "nested"] as const).map((huge): Lies => ({ huge })),
      // Some calls' answers alone: explainLedger reads the longest refusal as none that it knows.
      { huge: 2_884, flap: 2 },
    ];
  }

  it("O1, O2, O3, O4, O5, O6, O8, O9, O11, O13, O15, O16, O20, O30: each lie by itself", async () => {
    const deceived = new Map<string, Set<string>>();
    for (const lies of eachLie())
      for (const action of actions)
        if (await isDeceived(action, lies)) {
          const kinds = deceived.get(action[0]) ?? new Set();
          deceived.set(action[0], new Set([...kinds, ...kindsOf(lies)]));
        }
    // What the table calls blind was deceived, every time: an entry that is not needed is none.
    for (const [name, kinds] of Object.entries(BLIND))
      for (const kind of kinds) assert.ok(deceived.get(name)?.has(kind), `${name} was not deceived by ${kind}`);
  });

  it(`O2, O19: ${CASES} random lies, some at a time, that come and go`, async () => {
    const random = announced();
    for (let i = 0; i < CASES; i++) {
      const lies = randomLies(random, world);
      const anchored = actions.slice(0, Object.keys(world.anchored).length);
      const others = Array.from({ length: 6 }, () => random.pick(actions));
      for (const action of [...anchored, ...others]) await isDeceived(action, lies);
    }
  });
});

const METHODS = [
  ...["eth_blockNumber", "eth_getBlockByNumber", "eth_getBlockByHash", "eth_getProof", "eth_call", "eth_getLogs"],
  ...["eth_getCode", "eth_chainId", "eth_getTransactionReceipt"],
];

/** One to three kinds of lie, which may flap, or concern some methods alone. */
function randomLies(random: Random, { other }: LiarsWorld): Lies {
  const kinds: (() => Lies)[] = [
    ...Object.entries(LIES).map(([lie, values]) => (): Lies => ({ [lie]: random.pick(values as readonly string[]) })),
    () => ({ lag: 1 + random.below(12) }),
    () => ({ onBranch: other }),
    () => ({ swapSlot: true }),
    () => ({ huge: random.pick([random.below(5_000), "nested", "endless"] as const) }),
    () => ({ slow: 2 * LATE }),
  ];
  const lies = Array.from({ length: 1 + random.below(3) }, () => random.pick(kinds)());
  const flap = random.below(4);
  const only = METHODS.filter(() => random.below(3) === 0);
  return {
    ...(Object.assign({}, ...lies) as Lies),
    ...(flap > 0 && random.below(2) === 0 ? { flap } : {}),
    ...(only.length > 0 && random.below(2) === 0 ? { only } : {}),
    seed: random.below(1_000),
  };
}
