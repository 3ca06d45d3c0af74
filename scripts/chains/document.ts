import { isKnown, type ChainEvidence, type KnownChain, type RefusedChain } from "../../src/anchor/chains.js";
import type { Continuity } from "../../src/anchor/continuity.js";

/** What shows an outage, as the documents say it. */
const SHOWN_BY: Readonly<Record<Continuity, string>> = {
  "block-times": "block times",
  "l1-origin": "the lag of the L1 origin",
  "arbitrum-clock": "block times, by ArbSys",
  "on-demand": "nothing: blocks come on demand",
};

/** The document of the chains' table. */
export function documentOf(chains: readonly (KnownChain | RefusedChain)[], source: string): string {
  const known = chains.filter(isKnown);
  const refused = chains.flatMap((chain) => (isKnown(chain) ? [] : [chain]));
  return `# Chains

<!-- Generated from ${source} by \`npm run chains\`. Do not edit. -->

Nothing is claimed here that a recorded header or a specification does not show. On a chain whose source is _native_ a guard is deployed as it is. On
the others deployment reverts with \`UnsupportedChain\`. There the contract brings a source of its own, or the chain
[proves itself](configure.md#the-chain).

## What is known

Times are in milliseconds, windows in blocks. \`longestBlockTime\` is the longest average of a chain that lives. A chain may have become
faster since: say the smaller numbers in the configuration, for a greater one hides more. Nova, Arbitrum Sepolia and
Orbit chains make blocks where there are transactions, so nobody here knows a time.

${table(
  ["chain", "id", "source", "window", "`blockTime`", "`longestBlockTime`", "what shows an outage", "state proofs"],
  known.map((chain) => [
    chain.name,
    String(chain.id),
    chain.source,
    String(chain.hashWindow),
    String(chain.blockTime ?? "–"),
    String(chain.longestBlockTime ?? "–"),
    SHOWN_BY[chain.continuity],
    chain.stateProofs ? "yes" : "no",
  ]),
)}

Every header holds the state after its own block (\`stateRootLag\` is 0). A chain whose lag is not known is refused.

## From where

A _recorded header_ is one of this very chain, which tests hash and read. It shows the shape of headers and their hash.
A _specification_ was read; nobody here has asked a node.

${table(
  ["chain", "evidence", "headers", "finality and reorgs"],
  known.map((chain) => [chain.name, evidenceOf(chain.evidence), headersOf(chain), chain.reorgs]),
)}

## What is refused

${table(
  ["chain", "id", "because"],
  refused.map(({ name, id, evidence }) => [name, String(id), evidence.because]),
)}
`;
}

function evidenceOf(evidence: ChainEvidence): string {
  if (evidence.kind === "recorded-header") return `recorded header: \`${evidence.file}\``;
  return `specification: ${evidence.source}`;
}

function headersOf({ headers }: KnownChain): string {
  return headers.map(({ from, shape }) => (from === "genesis" ? shape : `from ${from}: ${shape}`)).join("; ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
