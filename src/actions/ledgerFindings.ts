import { TIERS, type Tier } from "../anchor/tiers.js";
import { toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { commitmentDigest, LEDGER_FORMAT, type Commitment } from "../ledger/commitment.js";
import { COMMITMENT_ABI } from "../ledger/events.js";
import { comparedPlace, decodeWord } from "../ledger/rules.js";
import type { DeployedContract, ExpectedLedger, LedgerInput } from "../policy/deployment.js";
import { callOf, type ChainReader } from "./chainReads.js";
import { compared, failed, ok, oneWord, type Finding } from "./deploymentFindings.js";
import { ledgerState } from "./explainLedger.js";
import { fetchHeader } from "./fetchHeader.js";
import { LedgerReader } from "./ledgerReads.js";
import { prove } from "./prove.js";

const ZERO = toWord(0n);

/* DESKS */

/** Whether a desk hashes what is signed as this library does: for this chain, and for its own address. */
export async function digestFinding(chain: ChainReader, desk: Hex, chainId: bigint): Promise<Finding> {
  const { number, hash, stateRoot } = chain.head;
  const commitment: Commitment = {
    ...{ guard: desk, scope: ZERO, epoch: 1n, sequence: 1n, chainId, anchor: { number, hash, stateRoot } },
    ...{ ledgerRoot: hash, format: LEDGER_FORMAT, rules: ZERO, previous: ZERO },
    ...{ validUntil: 1n, validUntilBlock: 1n, tier: "head" },
  };
  const words = [BigInt(desk), ZERO, 1n, 1n, chainId, number, hash, stateRoot, hash, BigInt(LEDGER_FORMAT)] as const;
  const actual = await chain.words(desk, callOf("digestOf", [COMMITMENT_ABI], ...words, ZERO, ZERO, 1n, 1n, 0n));
  return compared("what signers of a commitment sign", commitmentDigest(desk, commitment), actual.join());
}

export async function pinsFinding(chain: ChainReader, desk: Hex, pins: Hex): Promise<Finding> {
  return compared("its board of pins", pins, addressOf(await oneWord(chain, desk, "pins")));
}

/* LEDGERS */

export async function deskFinding(chain: ChainReader, { address, desk }: DeployedContract): Promise<Finding> {
  return compared("the desk that it names", desk!, addressOf(await oneWord(chain, address, "ledgerDesk")));
}

/** Where a desk keeps something of a ledger: the contract's `Ledger`, whose mappings are its slot 0. */
interface Field {
  readonly member: number;
  readonly offset: number;
  readonly bits: number;
}

const FIELDS = {
  epoch: { member: 2, offset: 8, bits: 40 },
  healAfter: { member: 2, offset: 208, bits: 8 },
  healFor: { member: 2, offset: 216, bits: 24 },
  longestBlockTime: { member: 2, offset: 240, bits: 16 },
  silence: { member: 4, offset: 0, bits: 24 },
  minDepth: { member: 4, offset: 24, bits: 16 },
  maxAge: { member: 4, offset: 40, bits: 24 },
  tier: { member: 4, offset: 64, bits: 8 },
  administrator: { member: 4, offset: 72, bits: 160 },
  delay: { member: 4, offset: 232, bits: 24 },
  named: { member: 6, offset: 0, bits: 256 },
} as const satisfies Record<keyof LedgerInput | "epoch" | "named", Field>;

/** What a desk keeps of a ledger, proven under the state root. No view says all of it. */
export type KeptLedger = Readonly<Record<keyof typeof FIELDS, bigint>>;

export async function keptLedger(chain: ChainReader, of: DeployedContract, scope: Hex): Promise<KeptLedger> {
  const { connection, head, asking } = chain;
  const slotOf = ({ member }: Field): Hex => {
    const kept = { kind: ZERO, asset: scope, holder: of.desk!, slot: ZERO, member, offset: 0, bits: 256 };
    return comparedPlace({ ...kept, derivation: "by-owner-asset", comparator: "==" }, of.address).slot;
  };
  const anchor = { number: head.number, hash: head.hash };
  const wanted = [...new Set(Object.values(FIELDS).map(slotOf))];
  const { slots } = await prove(connection, { anchor, account: of.desk!, slots: wanted, ...asking });
  const words = new Map(slots.map(({ slot, value }) => [slot, value]));
  const read = (field: Field): bigint => decodeWord(field, words.get(slotOf(field)) ?? 0n);
  return Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, read(field)])) as KeptLedger;
}

/** Whether it was opened, and is watched as it should be. Who may change its signers is said in any case. */
export function ledgerFinding(kept: KeptLedger, { members }: ExpectedLedger): Finding {
  if (kept.epoch === 0n) {
    const isNamed = kept.named !== 0n;
    const detail = isNamed ? `nobody opened it; its guard has named ${toWord(kept.named)}` : "its guard has named none";
    return failed(detail, "an open ledger", isNamed ? "named" : "none");
  }
  const wrong = [...members].filter(([member, value]) => kept[member] !== value);
  const shown = (value: (member: keyof LedgerInput) => bigint): string =>
    wrong.map(([member]) => `${member} ${shownMember(member, value(member))}`).join(", ");
  if (wrong.length > 0)
    return failed("its configuration is another", shown((it) => members.get(it)!), shown((it) => kept[it])); // prettier-ignore
  const { administrator, delay } = kept;
  const who = shownMember("administrator", administrator);
  const by = administrator === 0n ? "it has no administrator" : `${who} may change signers and rules after ${delay} s`;
  return ok(members.size === 0 ? by : `${[...members.keys()].join(", ")}: as expected; ${by}`);
}

function shownMember(member: keyof LedgerInput, value: bigint): string {
  if (member === "administrator") return addressOf(toWord(value));
  return member === "tier" ? tierOf(value) : String(value);
}

function tierOf(position: bigint): Tier {
  return TIERS[Number(position)] ?? TIERS[0];
}

/** Whether it counts, and nothing stands against it. */
export async function ledgerStateFinding(
  { connection, head, asking }: ChainReader,
  { address, desk }: DeployedContract,
  scope: Hex,
): Promise<Finding> {
  const reader = new LedgerReader(connection, { desk: desk!, guard: address, scope }, head, asking);
  try {
    const [record, committedUntil] = [await reader.record(), await reader.committedUntil()];
    return compared("its state", "sound", ledgerState({ record, committedUntil, block: { time: head.timestamp } }));
  } catch (error) {
    if (!SettlementGuardError.is(error, "LEDGER_UNKNOWN")) throw error;
    return failed("nobody opened it", "sound", "not open");
  }
}

/** Whether the newest block of its tier can be committed to: it must not be older than the greatest age. */
export async function ledgerTierFinding(chain: ChainReader, kept: KeptLedger): Promise<Finding> {
  const { connection, head, asking } = chain;
  const tier = tierOf(kept.tier);
  const block = tier === "head" ? "latest" : tier;
  const { number } = await fetchHeader(connection, { block, ...asking });
  // A commitment is relayed in the next block at the earliest.
  const depth = head.number + 1n - number;
  if (depth <= kept.maxAge) return ok(`the newest ${tier} block lies ${depth} deep, and ${kept.maxAge} may be relayed`);
  return failed(`the newest ${tier} block is too old to be relayed`, `at most ${kept.maxAge}`, String(depth));
}

function addressOf(word: Hex): Hex {
  return `0x${word.slice(26)}`;
}
