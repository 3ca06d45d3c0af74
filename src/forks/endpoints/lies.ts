import { simulatorError } from "../backend.js";
import { FIELDS } from "../../header/fields.js";
import type { Eip1193Provider } from "../../rpc/request.js";
import { CLIENTS, GATEWAYS, type ClientName, type GatewayError } from "./wordings.js";

/** The lies that are one of several, and what each can be: a test goes through them by this table. */
export const LIES = {
  wrongRoot: ["stateRoot", "storageHash"],
  wrongHeader: ["field", "hash", "forged"],
  wrongProof: ["node", "block", "account", "fields"],
  wrongRead: ["value", "logs"],
  wrongForm: ["numbers", "unprefixed", "padded", "odd", "uppercase", "prototype"],
  truncate: ["proof", "body"],
  missingResult: ["result", "null", "object", "lists", "members"],
  refuses: ["block", "tag", "state", "canonical", "hash", "method"],
  gatewayError: Object.keys(GATEWAYS) as GatewayError[],
  closes: ["before", "amid"],
} as const;

type Choice<Lie extends keyof typeof LIES> = (typeof LIES)[Lie][number];

/**
 * What an endpoint does with what it is asked. Several together are one lie. Nothing of it is random: the same question
 * gets the same lie, and `seed` chooses between those that would do.
 */
export interface Lies {
  /**
   * Answers as a node whose head is so many blocks behind: a whole number. Lagging is no lie to a single endpoint's user.
   * It lacks filters, and every method that could tell of later blocks.
   */
  readonly lag?: number;
  /** Answers from there: another branch, another chain, or anything that answers. */
  readonly onBranch?: Pick<Eip1193Provider, "request">;
  /** Lies now and then: so many requests honestly, as many with the lie, and so on. `true` is 1. */
  readonly flap?: number | boolean;
  /** Lies about these methods alone. */
  readonly only?: readonly string[];
  /** Of a block its state root is another, or of a proof its storage root. The hash stays. */
  readonly wrongRoot?: Choice<"wrongRoot">;
  /**
   * - `field`: a block has another field, and its hash.
   * - `hash`: it has another hash.
   * - `forged`: it has another field, and the hash that goes with it.
   */
  readonly wrongHeader?: Choice<"wrongHeader">;
  /**
   * - `node`: one byte of a proof's nodes is another.
   * - `block`, `account`: the proof is another block's or account's, and genuine.
   * - `fields`: values beside the proof say something else than it.
   */
  readonly wrongProof?: Choice<"wrongProof">;
  /** The member of a block that `wrongHeader` changes, such as `timestamp`. Left out, `seed` chooses one. */
  readonly field?: string;
  /** What no proof comes with: `value` changes the last byte that a call, code or a slot has. `logs` leaves the last log out. */
  readonly wrongRead?: Choice<"wrongRead">;
  /**
   * A form that JSON-RPC does not have. Quantities are JSON numbers; hexadecimal lacks `0x`, or has a zero in front, an odd
   * length, or capitals. `prototype` puts all members into `__proto__`.
   */
  readonly wrongForm?: Choice<"wrongForm">;
  /** Slots get one another's proofs and values. A single one gets its neighbour's. */
  readonly swapSlot?: boolean;
  /** `proof`: each proof lacks its last node. `body`: the JSON breaks off. */
  readonly truncate?: Choice<"truncate">;
  /**
   * - `result`: the answer has no result. `null`, `object`: it is `null` or `{}`.
   * - `lists`: a proof's lists are `null`.
   * - `members`: a block lacks what ethers leaves out.
   */
  readonly missingResult?: Choice<"missingResult">;
  /** Refuses blocks, tags, states and so on, in the words of `client`. */
  readonly refuses?: Choice<"refuses">;
  /** The client in whose words it refuses. Default: `geth`. */
  readonly client?: ClientName;
  /** Answers as a gateway does that has no answer. */
  readonly gatewayError?: Choice<"gatewayError">;
  /** The second half of each answer comes so many milliseconds late. */
  readonly slow?: number;
  /**
   * So many characters are added to each answer. `endless`: it never ends. `gzip`: a few kilobytes unpack to 64 MiB. `nested`: the
   * result lies in 100,000 lists.
   */
  readonly huge?: number | "endless" | "gzip" | "nested";
  /** Closes the connection, before the answer or amid it. */
  readonly closes?: Choice<"closes">;
  /** Chooses the field, the node and the byte that are changed. Default: 0. */
  readonly seed?: number;
}

const COUNTS: readonly string[] = ["lag", "flap", "slow", "huge", "seed"];
const OTHERS: readonly string[] = ["onBranch", "only", "swapSlot", "client", "field"];

/**
 * Refuses what is no lie. A misspelt one would be none, and a test that expects no harm would pass.
 *
 * @throws FORK_SIMULATOR
 */
export function checkLies(lies: Lies): Lies {
  for (const [name, value] of Object.entries(lies)) {
    const choices: readonly unknown[] | undefined = (LIES as Readonly<Record<string, readonly unknown[]>>)[name];
    if (choices === undefined && !COUNTS.includes(name) && !OTHERS.includes(name))
      throw simulatorError(
        `An endpoint has no lie ${name}, but ${[...Object.keys(LIES), ...COUNTS, ...OTHERS].join(", ")}`,
      );
    if (value === undefined) continue;
    if (choices?.includes(value) === false)
      throw simulatorError(`${name} is ${String(value)}, and can be ${choices.join(", ")}`);
    if (COUNTS.includes(name) && typeof value === "number" && !(Number.isSafeInteger(value) && value >= 0))
      throw simulatorError(`${name} is ${value}, and must be a whole number`);
  }
  if (lies.client !== undefined && !Object.hasOwn(CLIENTS, lies.client))
    throw simulatorError(`Nobody knows the words of ${lies.client}, but those of ${Object.keys(CLIENTS).join(", ")}`);
  if (lies.field !== undefined && !FIELDS.some(({ rpcName }) => rpcName === lies.field))
    throw simulatorError(`A block has no field ${lies.field} that its hash covers`);
  return lies;
}
