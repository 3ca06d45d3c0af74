import {
  ContractFactory,
  encodeBytes32String,
  getCreateAddress,
  keccak256,
  MaxUint256,
  type BaseContract,
  type Signer,
} from "ethers";
import { network } from "hardhat";

import { TIERS } from "../src/anchor/tiers.js";
import { toHex, toWord, type Hex } from "../src/core/bytes.js";
import { commitmentTypedData, hashCommitment, LEDGER_FORMAT, type Commitment } from "../src/ledger/commitment.js";
import { ledgerKey } from "../src/ledger/key.js";
import { hashRules, type RuleBook } from "../src/ledger/rules.js";
import { LedgerTree } from "../src/ledger/tree.js";
import { packWitness } from "../src/proof/witness.js";
import { compile, type Build } from "../tools/compile.js";
import {
  bookForContract,
  forContract,
  ON_RECORD,
  setOf,
  walletsFrom,
  WATCH,
  ZERO,
  KIND,
  NOBODY,
  USDC,
} from "../tools/ledger/inputs.js";
import { random } from "../tools/random.js";
import { RULES } from "./pinGas.js";
import type { RealSlot } from "./realProofs.js";

const CHAIN_ID = 31_337n;
const [MIRROR, TOTALS, PLAIN] = ["mirror", "totals", "plain"].map(encodeBytes32String) as [Hex, Hex, Hex];
/** Entries of the ledger, so that its proofs are as long as a great one's. */
const ENTRIES = 100_000;
/** Leaves that show an understated total. */
const LEAVES = 16;

/**
 * What the transactions of a ledger pay, by their receipts. Its entries are 100,000, and three sign, two of whom must.
 * The chain's side is the quoted slot of a recorded block, so that headers and proofs are a real chain's. The build is the one of small code.
 */
export async function ledgerReceipts(
  build: Build,
  quoted: RealSlot,
  config: object,
): Promise<Record<string, Record<string, number>>> {
  const figures: Record<string, Record<string, number>> = {};
  const ledgers = ledgersOf(quoted);
  let placed: Placed | undefined;
  for (const hardfork of RULES) {
    const connection = await network.create({ network: "default", override: { hardfork } });
    const [signer] = await connection.ethers.getSigners();
    const bench = new LedgerBench(signer!, ledgers, quoted, config);
    // Under Amsterdam's rules the simulator holds the creation of code against a transaction's gas.
    if (placed === undefined) placed = await bench.deploy(build);
    else await bench.place(placed, (method, params) => connection.provider.request({ method, params }));
    figures[`${build.name}; rules of ${hardfork}`] = Object.fromEntries(await bench.measure());
    await connection.close();
  }
  return figures;
}

/** Addresses and code of what was deployed. */
interface Placed {
  readonly contracts: Record<"board" | "desk" | "guard", BaseContract>;
  readonly code: readonly (readonly [address: string, code: string])[];
}

interface Ledgers {
  readonly mirror: LedgerTree;
  readonly totals: LedgerTree;
  readonly owners: readonly Hex[];
}

/** Two ledgers that disagree with the chain: one mirrors it but for the quoted slot, one has totals. */
function ledgersOf({ slot, value }: RealSlot): Ledgers {
  const source = random(1);
  const owners = Array.from({ length: ENTRIES }, () => toHex(source.bytes(20)));
  const keyOf = (owner: Hex): Hex => ledgerKey({ owner, asset: USDC, kind: KIND });
  return {
    mirror: LedgerTree.from([...owners.map((owner) => [keccak256(owner) as Hex, 1n] as const), [slot, value + 1n]]),
    totals: LedgerTree.from([
      ...owners.map((owner) => [keyOf(owner), MaxUint256 / 32n] as const),
      [keyOf(NOBODY), value + 1n],
    ]),
    owners: owners.slice(0, LEAVES),
  };
}

class LedgerBench {
  readonly #wallets = walletsFrom(1, 3);
  #contracts!: Placed["contracts"];

  constructor(
    readonly signer: Signer,
    readonly ledgers: Ledgers,
    readonly quoted: RealSlot,
    readonly config: object,
  ) {}

  async deploy(build: Build): Promise<Placed> {
    const artifacts = await compile(["bench/contracts/Ledger.sol"], build);
    const { number, hash } = this.quoted.header!;
    const deploy = async (name: string, ...args: readonly unknown[]): Promise<BaseContract> =>
      new ContractFactory(artifacts[name]!.abi, artifacts[name]!.bytecode, this.signer).deploy(...args, number, hash);
    const board = await deploy("RecordedBoard");
    const desk = await deploy("RecordedDesk", board);
    const guard = await deploy("RecordedGuard", desk);
    this.#contracts = { board, desk, guard };
    const provider = this.signer.provider!;
    const own = await Promise.all([board, desk, guard].map((contract) => contract.getAddress()));
    const made = own.map((from) => createdBy(from));
    const code = await Promise.all([...own, ...made].map(async (at) => [at, await provider.getCode(at)] as const));
    return { contracts: this.#contracts, code: code.filter(([, bytes]) => bytes !== "0x") };
  }

  async place(
    { contracts, code }: Placed,
    request: (method: string, params: string[]) => Promise<unknown>,
  ): Promise<void> {
    for (const [at, bytes] of code) await request("hardhat_setCode", [at, bytes]);
    const { board, desk, guard } = contracts;
    const here = (contract: BaseContract): BaseContract => contract.connect(this.signer) as BaseContract;
    this.#contracts = { board: here(board), desk: here(desk), guard: here(guard) };
  }

  /** What each transaction pays, in an order in which each finds what it needs. */
  async measure(): Promise<[name: string, gas: number][]> {
    const { guard } = this.#contracts;
    const figures: [string, number][] = [];
    for (const scope of [PLAIN, MIRROR, TOTALS]) await this.#send(guard, "configure", [scope, this.config]);
    for (const scope of [MIRROR, TOTALS]) await this.#open(scope);
    // No anchor is older than the opening: only from here on the recorded block is there.
    await this.#rpc("hardhat_mine", "0x64");
    await this.#send(guard, "act", [PLAIN]);
    figures.push(["a guarded call, no ledger", await this.#send(guard, "act", [PLAIN])]);
    const first = this.#commitment(MIRROR);
    await this.#relay(first);
    const head = { ...first, sequence: 2n, previous: hashCommitment(first) };
    figures.push(["relay", await this.#relay(head)]);
    figures.push(["a guarded call, with a ledger", await this.#send(guard, "act", [MIRROR])]);
    const totals = this.#commitment(TOTALS);
    await this.#relay(totals);
    for (const [name, send] of await this.#disputes(head, totals)) {
      const snapshot = await this.#rpc("evm_snapshot");
      figures.push([name, await send()]);
      await this.#rpc("evm_revert", snapshot);
    }
    return figures;
  }

  async #disputes(head: Commitment, totals: Commitment): Promise<[string, () => Promise<number>][]> {
    const { desk, board } = this.#contracts;
    const { slot, account } = this.quoted;
    const { header, witness, storageWitness, storageRoot, accountWitness } = this.#chain();
    const [book, totalsBook] = [this.#book(MIRROR), this.#book(TOTALS)].map(bookForContract);
    const { mirror, totals: tree, owners } = this.ledgers;
    const onRecord = (commitment: Commitment) => ({ commitment: forContract(commitment), ...ON_RECORD });
    const dispute =
      (name: string, ...args: readonly unknown[]) =>
      () =>
        this.#send(desk, name, args);
    const leaf = (state: object) => ({ rule: 0, owner: slot, witness: mirror.prove([slot]).witness, state });
    const whole = { header, pinnedRoot: ZERO, witness };
    const keyOf = (owner: Hex): Hex => ledgerKey({ owner, asset: USDC, kind: KIND });
    const sum = tree.prove([...owners, NOBODY].map(keyOf));
    const inOrder = sum.slots.map(({ slot: key }) => [...owners, NOBODY].find((owner) => keyOf(owner) === key)!);
    const wrong = await this.#sign({ ...head, anchor: { ...head.anchor, hash: toWord(1n) } });
    const other = await this.#sign({ ...head, sequence: 3n, previous: toWord(1n) });
    const root = { ...totals, sequence: 2n, previous: hashCommitment(totals) };
    const falseRoot = await this.#sign({ ...root, anchor: { ...root.anchor, stateRoot: toWord(1n) } });
    const code = { code: 0, state: { header, pinnedRoot: ZERO, witness: accountWitness } };
    const pin = [[head.anchor.number, head.anchor.hash, head.anchor.stateRoot], header, account, accountWitness];
    return [
      ["dispute 1, mismatch, signed", dispute("disputeAnchor", wrong)],
      ["dispute 2, state root, signed", dispute("disputeStateRoot", falseRoot, header)],
      [
        "dispute 3, equivocation",
        dispute("disputeEquivocation", onRecord(head), await this.#sign({ ...head, ledgerRoot: toWord(1n) })),
      ],
      ["dispute 4, broken chain", dispute("disputeChain", onRecord(head), other)],
      ["dispute 5, leaf, header and account and slot", dispute("disputeLeaf", onRecord(head), book, leaf(whole))],
      [
        "dispute 5, leaf, slot under a pinned storage root",
        async () => {
          await this.#send(board, "pinStorageRoot", pin);
          return this.#send(desk, "disputeLeaf", [
            onRecord(head),
            book,
            leaf({ header: "0x", pinnedRoot: storageRoot, witness: storageWitness }),
          ]);
        },
      ],
      [
        "dispute 6, insolvent, header and account and slot",
        dispute("disputeLeaf", onRecord(totals), totalsBook, {
          ...{ rule: 0, owner: ZERO, witness: tree.prove([keyOf(NOBODY)]).witness, state: whole },
        }),
      ],
      [
        `dispute 7, understated, ${LEAVES} leaves`,
        dispute("disputeTotal", onRecord(totals), totalsBook, { rule: 0, owners: inOrder, witness: sum.witness }),
      ],
      ["dispute 8, code, header and account", dispute("disputeCode", onRecord(head), book, code)],
    ];
  }

  /** What the contract takes of the quoted slot, and of its account alone. */
  #chain() {
    const { header, stateRoot, account, slot, accountProof, storageProof } = this.quoted;
    const packed = packWitness(
      { stateRoot, account, slots: [slot] },
      { accountProof, storageProof: [{ key: slot, proof: storageProof }] },
    );
    const alone = packWitness({ stateRoot, account, slots: [] }, { accountProof, storageProof: [] });
    const { witness, storageWitness, account: fields } = packed;
    return {
      header: header!.rlp,
      witness,
      storageWitness,
      storageRoot: fields!.storageRoot,
      accountWitness: alone.witness,
    };
  }

  #book(scope: Hex): RuleBook {
    const { account, slot } = this.quoted;
    const whole = { asset: USDC, kind: KIND, holder: account, slot, member: 0, offset: 0, bits: 256 } as const;
    const codes = [{ account, isSlot: false, slot: ZERO, expected: toWord(1n) }];
    return scope === MIRROR
      ? { version: ZERO, rules: [{ ...whole, derivation: "mirror", comparator: "==" }], codes }
      : { version: ZERO, rules: [{ ...whole, derivation: "fixed", comparator: "<=" }], codes: [] };
  }

  #commitment(scope: Hex): Commitment {
    const { header, stateRoot } = this.quoted;
    return {
      ...{ guard: this.#contracts.guard.target as Hex, scope, epoch: 1n, sequence: 1n, chainId: CHAIN_ID },
      anchor: { number: header!.number, hash: header!.hash, stateRoot },
      ledgerRoot: (scope === MIRROR ? this.ledgers.mirror : this.ledgers.totals).root,
      ...{ format: LEDGER_FORMAT, rules: hashRules(this.#book(scope)), previous: ZERO },
      ...{ validUntil: 2n ** 40n, validUntilBlock: 2n ** 40n, tier: "safe" },
    };
  }

  async #open(scope: Hex): Promise<void> {
    const { desk, guard } = this.#contracts;
    const terms = { set: setOf(this.#wallets, 2), book: bookForContract(this.#book(scope)) };
    const config = { ...terms, administrator: NOBODY, ...WATCH, tier: TIERS.indexOf("safe") };
    const type = desk.interface.getFunction("open")!.inputs[2]!;
    const hash = keccak256(desk.interface.getAbiCoder().encode([type], [config]));
    await this.#send(guard, "nameLedger", [scope, hash]);
    await this.#send(desk, "open", [guard.target, scope, config]);
  }

  async #sign(commitment: Commitment) {
    const { domain, types, message } = commitmentTypedData(this.#contracts.desk.target as Hex, commitment);
    const signatures = this.#wallets.map(async (wallet, i) =>
      i < 2 ? wallet.signTypedData(domain, types, message) : "0x",
    );
    return {
      commitment: forContract(commitment),
      descendants: [],
      set: setOf(this.#wallets, 2),
      signatures: await Promise.all(signatures),
    };
  }

  async #relay(commitment: Commitment): Promise<number> {
    const { commitment: input, set, signatures } = await this.#sign(commitment);
    return this.#send(this.#contracts.desk, "relay", [input, set, signatures]);
  }

  async #send(to: BaseContract, name: string, args: readonly unknown[]): Promise<number> {
    const data = to.interface.encodeFunctionData(name, [...args]);
    const sent = await this.signer.sendTransaction({ to: to.target as string, data });
    return Number((await sent.wait())!.gasUsed);
  }

  #rpc(method: string, ...params: unknown[]): Promise<unknown> {
    return (this.signer.provider as unknown as { send(method: string, params: unknown[]): Promise<unknown> }).send(
      method,
      params,
    );
  }
}

function createdBy(from: string): string {
  return getCreateAddress({ from, nonce: 1 });
}
