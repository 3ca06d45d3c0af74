import type { Anchor } from "../anchor/anchor.js";
import { CHAINS, isKnown } from "../anchor/chains.js";
import { toBigInt } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import { readDeployment, type DeployedContract, type Deployment, type DeploymentInput } from "../policy/deployment.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import {
  CONFIGURATOR,
  PAUSER,
  anchorFinding,
  codeFinding,
  compared,
  delayFinding,
  failed,
  hashFinding,
  ok,
  receiptFinding,
  roleFinding,
  scopeFinding,
  sourceChainFinding,
  statusFinding,
  tierFinding,
  unknown,
  type CheckOutcome,
  type Finding,
} from "./deploymentFindings.js";
import { anchorQuestion, scopeQuestion, type AskAnchor } from "./anchorQuestions.js";
import { ChainReader } from "./chainReads.js";
import {
  deskFinding,
  digestFinding,
  keptLedger,
  ledgerFinding,
  ledgerStateFinding,
  ledgerTierFinding,
  pinsFinding,
  type KeptLedger,
} from "./ledgerFindings.js";
import { fetchHeader } from "./fetchHeader.js";
import { proveChain } from "./proveChain.js";
import { ScopeReader } from "./scopeReads.js";

export type { CheckOutcome } from "./deploymentFindings.js";

/** One thing that was checked, and what was found. */
export interface DeploymentCheck {
  /** The contract's name; undefined for what is about the chain. */
  readonly contract?: string;
  /** What was checked: `code`, `source at head - 256`. */
  readonly check: string;
  readonly outcome: CheckOutcome;
  /** In words. */
  readonly detail: string;
  /** The two values, where they disagree. */
  readonly expected?: string;
  readonly actual?: string;
}

/** What was found of a whole deployment. */
export interface DeploymentReport {
  /** The worst of all: failed, then unknown, then ok. */
  readonly outcome: CheckOutcome;
  /** The block at which all was asked. */
  readonly block: Anchor;
  readonly checks: readonly DeploymentCheck[];
}

/** What the deployment should be. */
export interface CheckDeploymentOptions extends RequestOptions {
  readonly deployment: DeploymentInput;
}

/** How far below the head sources are asked, in blocks: the edges of BLOCKHASH and of EIP-2935. */
const SELF_TEST_DEPTHS = [1n, 256n, 257n, 8_191n] as const;

/**
 * Checks that what stands on a chain is what was to be deployed. That is chain id, code, receipts, roles, scopes and ledgers. It asks each
 * source of block hashes for headers that were hashed here. A check whose answer cannot be had is `unknown`.
 *
 * What hashes to something is hashed here: headers, and code, whose hash is proven under the header's state root. What contracts answer,
 * and on which branch, is the endpoint's word: ask one that is yours.
 *
 * @throws INVALID_CONFIG for a deployment that cannot be checked, with every fault; INVALID_OPTION
 * @throws what {@link fetchHeader} throws, where not even the newest block is to be had
 * @example
 * const contracts = { guard: { address, kind: "standalone-guard", codeHash } } as const;
 * const { outcome, checks } = await checkDeployment(provider, { deployment: { chainId: 1, contracts } });
 */
export async function checkDeployment(
  connection: Connection,
  options: CheckDeploymentOptions,
): Promise<DeploymentReport> {
  checkRequestOptions(options, "deployment");
  const { deployment: input, ...asking } = options;
  const deployment = readDeployment(input);
  const head = await fetchHeader(connection, { block: "latest", ...asking });
  const checker = new Checker(deployment, new ChainReader(connection, head, asking));
  await checker.checkChain();
  for (const [name, contract] of deployment.contracts) await checker.checkContract(name, contract);
  await checker.checkBranch();
  const { checks } = checker;
  const worst = (["failed", "unknown"] as const).find((each) => checks.some(({ outcome }) => outcome === each));
  return { outcome: worst ?? "ok", block: { number: head.number, hash: head.hash }, checks };
}

class Checker {
  readonly checks: DeploymentCheck[] = [];

  constructor(
    private readonly deployment: Deployment,
    private readonly chain: ChainReader,
  ) {}

  async checkChain(): Promise<void> {
    const { connection, asking } = this.chain;
    const { chainId, source } = this.deployment;
    await this.note({ check: "chain id" }, async () => {
      const actual = toBigInt(await call(connection, "eth_chainId", [], asking), "the chain's id");
      return compared("it", String(chainId), String(actual));
    });
    if (CHAINS.some((chain) => BigInt(chain.id) === chainId && isKnown(chain))) return;
    await this.note({ check: "chain proves itself" }, async () => {
      try {
        const { anchor } = await proveChain(connection, { source, ...asking });
        return ok(`it is not listed; its source agrees with the header of block ${anchor.number}`);
      } catch (error) {
        if (!SettlementGuardError.is(error, "CHAIN_UNPROVEN")) throw error;
        const { given, shown } = error.details;
        return failed(`it is not listed, and ${error.message}`, String(given), String(shown));
      }
    });
  }

  async checkContract(contract: string, of: DeployedContract): Promise<void> {
    const { connection, head, asking } = this.chain;
    const { address, kind, receipt, scopes, source } = of;
    await this.note({ contract, check: "code" }, () => codeFinding(this.chain, of));
    if (receipt !== undefined) await this.note({ contract, check: "receipt" }, () => receiptFinding(this.chain, of));
    await this.checkRoles(contract, of);
    const reader = new ScopeReader(connection, address, head.number, asking);
    for (const scope of scopes) {
      await this.note({ contract, check: `scope ${scope.name}` }, () => scopeFinding(reader, scope));
      await this.note({ contract, check: `status of ${scope.name}` }, () => statusFinding(reader, scope));
    }
    await this.checkLedgers(contract, of);
    const { tier } = source;
    if (tier !== undefined) await this.note({ contract, check: "tier" }, () => tierFinding(this.chain, address, tier));
    if (kind === "source")
      await this.note({ contract, check: "source's chain" }, () => sourceChainFinding(this.chain, of));
    await this.testSource(contract, of);
  }

  /** A desk by itself; of a guard its desk and its ledgers there. */
  private async checkLedgers(contract: string, of: DeployedContract): Promise<void> {
    const { chain, deployment } = this;
    const { address, kind, pins, desk, ledgers } = of;
    if (kind === "ledger-desk")
      await this.note({ contract, check: "digest" }, () => digestFinding(chain, address, deployment.chainId));
    if (pins !== undefined) await this.note({ contract, check: "pins" }, () => pinsFinding(chain, address, pins));
    if (desk !== undefined) await this.note({ contract, check: "desk" }, () => deskFinding(chain, of));
    for (const ledger of ledgers) {
      const { name, scope } = ledger;
      let asked: Promise<KeptLedger> | undefined;
      const kept = (): Promise<KeptLedger> => (asked ??= keptLedger(chain, of, scope));
      await this.note({ contract, check: `ledger ${name}` }, async () => ledgerFinding(await kept(), ledger));
      await this.note({ contract, check: `state of ledger ${name}` }, () => ledgerStateFinding(chain, of, scope));
      await this.note({ contract, check: `tier of ledger ${name}` }, async () =>
        ledgerTierFinding(chain, await kept()),
      );
    }
  }

  /** That the block at which all was asked is still there. */
  async checkBranch(): Promise<void> {
    const { connection, head, asking } = this.chain;
    await this.note({ check: "branch" }, async () => {
      const { hash } = await fetchHeader(connection, { block: head.number, ...asking });
      if (hash === head.hash) return ok(`all was asked at block ${head.number}, ${hash}`);
      return unknown(`block ${head.number} was ${head.hash} and is ${hash} now: check again`);
    });
  }

  private async checkRoles(contract: string, of: DeployedContract): Promise<void> {
    const { chain } = this;
    const { address, roles } = of;
    const { pauser, configurator, delay } = roles;
    if (pauser !== undefined)
      await this.note({ contract, check: "pauser" }, () => roleFinding(chain, address, pauser, PAUSER));
    if (configurator !== undefined)
      await this.note({ contract, check: "configurator" }, () =>
        roleFinding(chain, address, configurator, CONFIGURATOR),
      );
    if (delay !== undefined) await this.note({ contract, check: "delay" }, () => delayFinding(chain, of));
  }

  /** Compares the source with headers that were hashed here, at each depth. */
  private async testSource(contract: string, { address, kind, scopes, source }: DeployedContract): Promise<void> {
    const { chain, deployment } = this;
    type Judge = (header: HashedHeader) => Promise<Finding>;
    const judge = (ask: AskAnchor): Judge => (header) => anchorFinding(chain, ask, header); // prettier-ignore
    const ask = anchorQuestion(kind, chain, address);
    const judges: [suffix: string, judge: Judge][] = scopes.map(({ name, id }) => [`, scope ${name}`, judge(scopeQuestion(chain, address, id))]); // prettier-ignore
    if (ask !== undefined) judges.unshift(["", judge(ask)]);
    if (kind === "source") judges.push(["", (header) => hashFinding(chain, address, header)]);
    for (const depth of SELF_TEST_DEPTHS)
      for (const [suffix, judged] of judges)
        await this.note({ contract, check: `source at head - ${depth}${suffix}` }, async () => {
          const number = chain.head.number - depth;
          if (source.chainId !== deployment.chainId)
            return unknown(`this endpoint has no headers of chain ${source.chainId}`);
          if (number < 0n) return unknown(`the chain has ${chain.head.number} blocks after its genesis`);
          return judged(await chain.headerAt(number));
        });
  }

  /** Runs one check. What cannot be found out is unknown, with the reason. */
  private async note(name: Pick<DeploymentCheck, "contract" | "check">, run: () => Promise<Finding>): Promise<void> {
    let finding: Finding;
    try {
      finding = await run();
    } catch (error) {
      if (!SettlementGuardError.is(error)) throw error;
      finding = unknown(error.message);
    }
    this.checks.push({ ...name, ...finding });
  }
}
