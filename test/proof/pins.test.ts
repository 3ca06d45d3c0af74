import { expect, use } from "chai";
import { AbiCoder, keccak256, toBeHex, toUtf8Bytes, type Signer } from "ethers";
import { network } from "hardhat";

import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { prove } from "../../src/actions/prove.js";
import type { StateAnchor } from "../../src/anchor/anchor.js";
import { isGuardError } from "../../src/explain/guardErrors.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { hashHeader } from "../../src/header/header.js";
import { EMPTY_ROOT as NO_TRIE } from "../../src/proof/trie.js";
import { sampleFields, sampleHeader } from "../../tools/headers.js";
import { setCode, signerOf } from "../../tools/sources/install.js";
import {
  ClockedPinTarget__factory,
  IPinErrors__factory,
  ISourceErrors__factory,
  PinBoard__factory,
  PinTarget__factory,
  SourcedPinBoard__factory,
  ToldSource__factory,
  type IPinBoard,
  type PinBoard,
  type PinTarget,
  type SourcedPinBoard,
  type ToldSource,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const EMPTY_ROOT = toHex(NO_TRIE);
const [HEAD, SAFE, FINALIZED] = [0, 1, 2];
/** A manner of `ToldSource`: the call fails where it is asked of its newest block. */
const FAILING_AT_NEWEST = 14;
const ANY_AGE = 2n ** 64n - 1n;
const ACCOUNT: Hex = "0x00000000000000000000000000000000000c0de5";
const NOBODY: Hex = "0x00000000000000000000000000000000000dead5";
const word = (value: bigint): Hex => toWord(value);
const errors = { interface: ISourceErrors__factory.createInterface() };

describe("pins", () => {
  let chain: HardhatChain;
  let signer: Signer;

  beforeEach(async () => {
    chain = await forks.create({ history: "transaction", blocks: 3 });
    signer = await signerOf(chain);
    await setCode(chain, ACCOUNT, "0x00");
    await setSlot(7n, 70n);
    await setSlot(8n, 2n ** 256n - 1n);
    await chain.mine(2);
  });

  afterEach(() => chain.close());

  async function setSlot(slot: bigint, value: bigint): Promise<void> {
    await chain.request({ method: "hardhat_setStorageAt", params: [ACCOUNT, `0x${slot.toString(16)}`, word(value)] });
  }

  interface Proven {
    readonly anchor: StateAnchor;
    readonly header: Hex;
    readonly witness: Hex;
    readonly storageWitness: Hex;
  }

  const proveAt = async (number: bigint, account: Hex, slots: bigint[] = []): Promise<Proven> => {
    const { hash, stateRoot } = await fetchHeader(chain.request, { block: { number } });
    return prove(chain.request, { anchor: { number, hash, stateRoot }, account, slots });
  };

  async function storageRootAt(number: bigint): Promise<Hex> {
    const { account } = await prove(chain.request, { anchor: { number }, account: ACCOUNT });
    return account.status === "present" ? account.storageRoot : EMPTY_ROOT;
  }

  const forms: Record<string, () => Promise<Form>> = {
    "in a protocol": async () => {
      const target = await new PinTarget__factory(signer).deploy();
      return formOf(target);
    },
    "on the shared board": async () => {
      const board = await new PinBoard__factory(signer).deploy();
      return formOf(board);
    },
  };

  for (const [name, deploy] of Object.entries(forms)) {
    describe(name, () => {
      let form: Form;
      beforeEach(async () => {
        form = await deploy();
      });

      it("SG-22: serves a state root, a storage root and a slot, each with its block", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT);
        const { number, stateRoot } = proven.anchor;
        const ofSlot = await proveAt(number, ACCOUNT, [7n]);
        expect([await form.pinStateRoot(proven), await form.pinStorageRoot(proven, ACCOUNT), await form.pinSlot(ofSlot, ACCOUNT, 7n)]).to.deep.equal([1, 1, 1]); // prettier-ignore
        const root = await storageRootAt(number);
        expect(await form.requireSlot(ACCOUNT, 7n, 70n, ANY_AGE)).to.equal(number);
        expect(await form.requireStateRoot(stateRoot, ANY_AGE)).to.equal(number);
        expect(await form.requireStorageRoot(ACCOUNT, root, ANY_AGE)).to.equal(number);
        // Each is a subject of its own, by account and by slot.
        for (const ask of [
          () => form.requireStorageRoot(NOBODY, root, ANY_AGE),
          () => form.requireSlot(NOBODY, 7n, 70n, ANY_AGE),
          () => form.requireSlot(ACCOUNT, 8n, 70n, ANY_AGE),
        ])
          await expect(ask()).to.be.rejectedByGuard("PinMissing");
      });

      it("SG-3, SG-22: absence is pinned as absence, and what was not pinned is no zero", async () => {
        const slot = await proveAt(chain.head.number, ACCOUNT, [9n]);
        const nobody = await proveAt(chain.head.number, NOBODY, [7n]);
        for (const [proven, account, position] of [
          [slot, ACCOUNT, 9n],
          [nobody, NOBODY, 7n],
        ] as const) {
          await expect(form.requireSlot(account, position, 0n, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
          await form.pinSlot(proven, account, position);
          expect(await form.requireSlot(account, position, 0n, ANY_AGE)).to.equal(proven.anchor.number);
        }
        const alone = await proveAt(chain.head.number, NOBODY);
        for (const root of [EMPTY_ROOT, word(0n)])
          await expect(form.requireStorageRoot(NOBODY, root, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
        await expect(form.requireStateRoot(word(0n), ANY_AGE)).to.be.rejectedByGuard("PinMissing");
        await form.pinStorageRoot(alone, NOBODY);
        expect(await form.requireStorageRoot(NOBODY, EMPTY_ROOT, ANY_AGE)).to.equal(alone.anchor.number);
        await expect(form.requireStorageRoot(NOBODY, word(0n), ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
      });

      it("SG-22: a newer block's pin replaces an older one's, and never the other way round", async () => {
        const old = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await setSlot(7n, 71n);
        await chain.mine(1);
        const newer = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(old, ACCOUNT, 7n);
        expect(await form.pinSlot(newer, ACCOUNT, 7n)).to.equal(1);
        expect(await form.requireSlot(ACCOUNT, 7n, 71n, ANY_AGE)).to.equal(newer.anchor.number);
        await expect(form.requireSlot(ACCOUNT, 7n, 70n, ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
        // Neither the older one, nor the same again, writes or says anything; and neither is a failure.
        for (const late of [old, newer]) expect(await form.pinSlot(late, ACCOUNT, 7n)).to.equal(0);
        expect(await form.requireSlot(ACCOUNT, 7n, 71n, ANY_AGE)).to.equal(newer.anchor.number);
      });

      it("SG-22: who pins the same value anew makes it younger, and blocks nobody", async () => {
        const old = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(old, ACCOUNT, 7n);
        await chain.mine(5);
        const newer = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(newer, ACCOUNT, 7n);
        expect(await form.requireSlot(ACCOUNT, 7n, 70n, 3n)).to.equal(newer.anchor.number);
      });

      it("SG-2, SG-22: another value is not what was pinned", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        for (const wrong of [71n, 0n, 70n + 2n ** 216n, 70n + 2n ** 40n, 2n ** 256n - 70n])
          await expect(form.requireSlot(ACCOUNT, 7n, wrong, ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
      });

      it("SG-22, F17: is read with a greatest age, in blocks", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        await chain.mine(10);
        const age = chain.head.number + 1n - proven.anchor.number;
        expect(await form.requireSlot(ACCOUNT, 7n, 70n, age)).to.equal(proven.anchor.number);
        for (const less of [age - 1n, 0n])
          await expect(form.requireSlot(ACCOUNT, 7n, 70n, less)).to.be.rejectedByGuard("AnchorTooDeep");
      });

      it("SG-1, SG-3: pins nothing of another branch, another root, or a witness that shows nothing", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        const alone = await proveAt(proven.anchor.number, ACCOUNT);
        const other = await proveAt(chain.head.number - 1n, ACCOUNT, [8n]);
        const spoilt = (from: Proven): [Proven, string][] => [
          [{ ...from, anchor: { ...from.anchor, hash: word(5n) } }, "AnchorMismatch"],
          [{ ...from, anchor: { ...from.anchor, hash: word(0n) } }, "ZeroAnchorHash"],
          [{ ...from, anchor: { ...from.anchor, stateRoot: other.anchor.stateRoot } }, "StateRootMismatch"],
          [{ ...from, header: other.header }, "HeaderHashMismatch"],
        ];
        const empty: [Proven, string] = [{ ...proven, witness: "0x" }, "StateProofInvalid"];
        for (const [wrong, error] of [
          ...spoilt(proven),
          [{ ...proven, witness: other.witness }, "StateProofInvalid"] as const,
          empty,
        ])
          // prettier-ignore
          await expect(form.pinSlot(wrong, ACCOUNT, 7n), error).to.be.rejectedByGuard(error as "AnchorMismatch");
        for (const [wrong, error] of [...spoilt(alone), empty])
          await expect(form.pinStorageRoot(wrong, ACCOUNT), error).to.be.rejectedByGuard(error as "AnchorMismatch");
        for (const [wrong, error] of spoilt(alone))
          await expect(form.pinStateRoot(wrong), error).to.be.rejectedByGuard(error as "AnchorMismatch");
        await expect(form.requireSlot(ACCOUNT, 7n, 70n, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
      });

      it("SG-9, SG-22, F3: a reorg that drops the pinned block drops the pin, and re-included it reverts", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        await form.requireSlot(ACCOUNT, 7n, 70n, ANY_AGE);
        await chain.reorg({ depth: Number(chain.head.number - proven.anchor.number) + 1 });
        expect(chain.at(proven.anchor.number)?.hash).not.to.equal(proven.anchor.hash);
        await expect(form.requireSlot(ACCOUNT, 7n, 70n, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
      });
    });
  }

  it("SG-22: keeps its pins where ERC-7201 puts them, and out of the way of the protocol's own storage", async () => {
    const target = await new PinTarget__factory(signer).deploy();
    const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
    await (await target.pinSlot(proven.anchor, proven.header, ACCOUNT, word(7n), proven.witness)).wait();
    const outer = BigInt(keccak256(toUtf8Bytes("settlement-guard.storage.pins"))) - 1n;
    const place = BigInt(keccak256(word(outer))) & ~0xffn;
    const subject = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "address", "bytes32"],
        [keccak256(toUtf8Bytes("settlement-guard.pin.slot")), ACCOUNT, word(7n)],
      ),
    );
    const at = keccak256(`${subject}${word(place).slice(2)}`);
    const stored = BigInt(await chain.tools.ethers.provider.getStorage(target, at));
    expect(stored >> 216n).to.equal(proven.anchor.number);
    expect(await target.used()).to.equal(70n);
  });

  it("SG-11: tells the errors of pins from others, where there are pins", async () => {
    const target = await new PinTarget__factory(signer).deploy();
    const selectors: string[] = [];
    IPinErrors__factory.createInterface().forEachError(({ selector }) => void selectors.push(selector));
    expect(selectors).to.have.length(4);
    for (const selector of selectors) {
      expect(await target.isGuardError(selector)).to.equal(true);
      expect(isGuardError(selector)).to.equal(true);
    }
    for (const other of ["0x00000000", "0xffffffff", "0x08c379a0"])
      expect(await target.isGuardError(other)).to.equal(false);
  });

  it("C10, SG-22: counts ages on the contract's own clock", async () => {
    const target = await new ClockedPinTarget__factory(signer).deploy();
    const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
    await target.pinSlot(proven.anchor, proven.header, ACCOUNT, word(7n), proven.witness);
    expect(await target.requireSlot(ACCOUNT, word(7n), 70n, 100n)).to.equal(proven.anchor.number);
    await target.setAhead(1_000n);
    await expect(target.requireSlot(ACCOUNT, word(7n), 70n, 100n)).to.be.rejectedByGuard("AnchorTooDeep");
  });

  describe("under a pinned storage root", () => {
    it("reads one slot and many with the storage's nodes alone, absence included", async () => {
      const target = await new PinTarget__factory(signer).deploy();
      const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
      // The root comes with the proof of a slot.
      await target.pinStorageRootOf(proven.anchor, proven.header, ACCOUNT, word(7n), proven.witness);
      expect(await target.used()).to.equal(70n);
      const root = await storageRootAt(proven.anchor.number);
      const pinned = { storageRoot: root };
      for (const [slot, value] of [
        [7n, 70n],
        [8n, 2n ** 256n - 1n],
        [9n, 0n],
      ] as const) {
        const { witness } = await prove(chain.request, { anchor: proven.anchor, account: ACCOUNT, slots: [slot], pinned }); // prettier-ignore
        expect(await target.slotUnder(ACCOUNT, root, ANY_AGE, word(slot), witness)).to.equal(value);
        const other = word(BigInt(root) ^ 1n);
        await expect(target.slotUnder(ACCOUNT, other, ANY_AGE, word(slot), witness)).to.be.rejectedByGuard(
          "PinDiffers",
        );
        await expect(target.slotUnder(NOBODY, root, ANY_AGE, word(slot), witness)).to.be.rejectedByGuard("PinMissing");
        const cut = witness.slice(0, -2);
        await expect(target.slotUnder(ACCOUNT, root, ANY_AGE, word(slot), cut)).to.be.rejectedByGuard(
          "StateProofInvalid",
        );
      }
      const slots = [7n, 8n, 9n];
      const many = await prove(chain.request, { anchor: proven.anchor, account: ACCOUNT, slots, pinned });
      const asked = many.slots.map(({ slot }) => slot);
      const values = await target.slotsUnder(ACCOUNT, root, ANY_AGE, asked, many.witness);
      expect([...values]).to.deep.equal(many.slots.map(({ value }) => value));
    });
  });

  describe("of a chain that a source knows", () => {
    let told: ToldSource;
    let foreign: HardhatChain;
    let board: SourcedPinBoard;
    let proven: Proven;
    const time = async (): Promise<bigint> => BigInt((await chain.tools.ethers.provider.getBlock("latest"))!.timestamp);
    const read = (maxAge = ANY_AGE, least = HEAD) => board.requireSlot(ACCOUNT, word(7n), 70n, maxAge, least);
    const pin = ({ anchor, header, witness }: Proven = proven) =>
      board.pinSlot(anchor, header, ACCOUNT, word(7n), witness);
    const tell = (number: bigint, hash: string) => told.tell(number, hash);
    const logsOf = async (sent: ReturnType<typeof pin>) => (await (await sent).wait())?.logs.length;

    /** The block before, which the source knows as well. */
    async function provenBefore(): Promise<Proven> {
      const block = { number: proven.anchor.number - 1n };
      const { number, hash, stateRoot } = await fetchHeader(foreign.request, { block });
      await tell(number, hash);
      return prove(foreign.request, { anchor: { number, hash, stateRoot }, account: ACCOUNT, slots: [7n] });
    }

    /** A block of any height and time, which the source knows. */
    async function madeUp(number: bigint, timestamp: bigint): Promise<{ anchor: StateAnchor; header: Hex }> {
      const bytes = (value: bigint) => toBytes(toBeHex(value), "field");
      const header = sampleHeader(21, { 8: bytes(number), 11: bytes(timestamp) });
      const [, , , stateRoot] = sampleFields(21);
      const anchor = { number, hash: hashHeader(header), stateRoot: toHex(stateRoot!) };
      await tell(number, anchor.hash);
      return { anchor, header };
    }

    before(async () => {
      foreign = await forks.create({ name: "foreign", history: "transaction", blocks: 10 });
      await foreign.request({ method: "hardhat_setStorageAt", params: [ACCOUNT, "0x7", word(70n)] });
      await foreign.request({ method: "hardhat_setCode", params: [ACCOUNT, "0x00"] });
      await foreign.mine(5);
    });
    after(() => foreign.close());

    beforeEach(async () => {
      told = await new ToldSource__factory(signer).deploy(5n, SAFE);
      proven = await prove(foreign.request, { anchor: foreign.head, account: ACCOUNT, slots: [7n] });
      await tell(proven.anchor.number, proven.anchor.hash);
      board = await new SourcedPinBoard__factory(signer).deploy(told, 5n, 1n);
    });

    it("SG-22, F8: serves all three with block and time, and asks the source again each time", async () => {
      const { anchor, header } = proven;
      const { timestamp } = await fetchHeader(foreign.request, { block: { number: anchor.number } });
      const alone = await prove(foreign.request, { anchor, account: ACCOUNT });
      await board.pinStateRoot(anchor, header);
      await board.pinStorageRoot(anchor, header, ACCOUNT, alone.witness);
      await pin();
      const root = alone.account.status === "present" ? alone.account.storageRoot : EMPTY_ROOT;
      const reads = [
        () => board.requireStateRoot(anchor.stateRoot, ANY_AGE, SAFE),
        () => board.requireStorageRoot(ACCOUNT, root, ANY_AGE, SAFE),
        () => read(ANY_AGE, SAFE),
      ];
      for (const one of reads) await expect(one()).not.to.revert(chain.tools.ethers);
      for (const one of reads) expect([...(await one())].map(String)).to.deep.equal([anchor.number, timestamp].map(String)); // prettier-ignore
      const tooLow = [
        () => board.requireStateRoot(anchor.stateRoot, ANY_AGE, FINALIZED),
        () => board.requireStorageRoot(ACCOUNT, root, ANY_AGE, FINALIZED),
        () => read(ANY_AGE, FINALIZED),
      ];
      for (const one of tooLow) await expect(one()).to.be.rejectedByGuard("PinTierTooLow");
      // The other chain has dropped the block; the pin stays where it is, and is not served.
      await tell(anchor.number, word(8n));
      for (const one of reads) await expect(one()).to.be.rejectedByGuard("PinDiffers");
      await tell(anchor.number, word(0n));
      for (const one of reads) await expect(one()).to.be.rejectedByGuard("AnchorHashUnknown");
      await told.behave(11);
      for (const one of reads) await expect(one()).to.be.rejectedByGuard("SourcesDisagree");
    });

    it("SG-22, C33: grows old by the clock, whether anybody feeds the source or not", async () => {
      await pin();
      const { timestamp } = await fetchHeader(foreign.request, { block: { number: proven.anchor.number } });
      await chain.request({ method: "evm_increaseTime", params: [1_200] });
      await chain.mine(1);
      const age = (await time()) - timestamp;
      expect((await read(age))[0]).to.equal(proven.anchor.number);
      await expect(read(age - 1n)).to.be.rejectedByGuard("PinTooOld");
      await expect(read(1n)).to.be.rejectedByGuard("PinTooOld");
      // Nor does a newer block of the source make it younger.
      await tell(proven.anchor.number + 9n, word(9n));
      await expect(read(age - 1n)).to.be.rejectedByGuard("PinTooOld");
    });

    it("SG-1, SG-3, C1: pins nothing that the source does not know, and nothing shallower than it may", async () => {
      const deep = await new SourcedPinBoard__factory(signer).deploy(told, 5n, 3n);
      const { anchor, header, witness } = proven;
      const asked = (at = anchor, of = board) => of.pinSlot(at, header, ACCOUNT, word(7n), witness);
      await expect(asked(anchor, deep)).to.be.rejectedByGuard("AnchorTooShallow");
      await tell(anchor.number + 1n, word(3n));
      await expect(asked(anchor, deep)).to.be.rejectedByGuard("AnchorTooShallow");
      await tell(anchor.number + 2n, word(3n));
      await asked(anchor, deep);
      await expect(asked({ ...anchor, number: anchor.number + 3n }, deep)).to.be.rejectedByGuard("AnchorInFuture");
      await expect(asked({ ...anchor, number: anchor.number + 3n })).to.be.rejectedByGuard("AnchorHashUnknown");
      await expect(asked({ ...anchor, hash: word(0n) })).to.be.rejectedByGuard("ZeroAnchorHash");
      await expect(asked({ ...anchor, hash: word(4n) })).to.be.rejectedByGuard("AnchorMismatch");
      await expect(asked({ ...anchor, stateRoot: word(4n) })).to.be.rejectedByGuard("StateRootMismatch");
      await expect(asked({ ...anchor, number: anchor.number - 1n })).to.be.rejectedByGuard("AnchorHashUnknown");
      await told.behave(11);
      await expect(asked()).to.be.rejectedByGuard("SourcesDisagree");
      await expect(
        new SourcedPinBoard__factory(signer).deploy(told, 6n, 1n),
      ).to.be.revertedWithCustomError(errors, "SourceOfOtherChain"); // prettier-ignore
    });

    it("SG-22: newer facts replace older ones, and what the source knows no more gives way", async () => {
      await pin();
      await tell(proven.anchor.number + 5n, word(5n));
      const before = await provenBefore();
      await tell(proven.anchor.number + 5n, word(5n));
      expect(await logsOf(pin(before))).to.equal(0);
      expect((await read())[0]).to.equal(proven.anchor.number);
      // The source does not know the pinned block any more: an older fact that it knows takes its place.
      await tell(proven.anchor.number, word(0n));
      expect(await logsOf(pin(before))).to.equal(1);
      expect((await read())[0]).to.equal(before.anchor.number);
      await tell(proven.anchor.number, proven.anchor.hash);
      expect(await logsOf(pin())).to.equal(1);
      expect(await logsOf(pin())).to.equal(0);
    });

    it("C25, SG-22: a call that fails lets no older fact replace a newer one", async () => {
      await pin();
      const before = await provenBefore();
      await tell(proven.anchor.number, proven.anchor.hash);
      await told.behave(FAILING_AT_NEWEST);
      await expect(pin(before)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await told.behave(0);
      expect((await read())[0]).to.equal(proven.anchor.number);
    });

    it("SG-22: what its header dates ahead of the clock has no age, and is served", async () => {
      const ahead = (await time()) + 1_000n;
      const { anchor, header } = await madeUp(50n, ahead);
      await board.pinStateRoot(anchor, header);
      expect([...(await board.requireStateRoot(anchor.stateRoot, 0n, HEAD))]).to.deep.equal([50n, ahead]);
    });

    it("C16, SG-22: neither a height nor a time of more than 40 bits is kept", async () => {
      const limit = 2n ** 40n;
      for (const [number, timestamp] of [
        [limit, 1n],
        [limit + 60n, 1n],
        [60n, limit],
      ] as const) {
        const { anchor, header } = await madeUp(number, timestamp);
        expect(await logsOf(board.pinStateRoot(anchor, header)), `${number}, ${timestamp}`).to.equal(0);
        await expect(board.requireStateRoot(anchor.stateRoot, ANY_AGE, HEAD)).to.be.rejectedByGuard("PinMissing");
      }
      const { anchor, header } = await madeUp(limit - 1n, limit - 1n);
      await board.pinStateRoot(anchor, header);
      expect([...(await board.requireStateRoot(anchor.stateRoot, ANY_AGE, HEAD))]).to.deep.equal([
        limit - 1n,
        limit - 1n,
      ]);
    });
  });
});

/** The same pins, written and read in one way. */
interface Form {
  pinStateRoot(proven: { anchor: StateAnchor; header: Hex }): Promise<number>;
  pinStorageRoot(proven: { anchor: StateAnchor; header: Hex; witness: Hex }, account: Hex): Promise<number>;
  pinSlot(proven: { anchor: StateAnchor; header: Hex; witness: Hex }, account: Hex, slot: bigint): Promise<number>;
  requireStateRoot(root: string, maxAge: bigint): Promise<bigint>;
  requireStorageRoot(account: Hex, root: string, maxAge: bigint): Promise<bigint>;
  requireSlot(account: Hex, slot: bigint, value: bigint, maxAge: bigint): Promise<bigint>;
}

/** How many events a transaction left. */
async function events(sent: Promise<{ wait(): Promise<{ logs: readonly unknown[] } | null> }>): Promise<number> {
  return (await (await sent).wait())?.logs.length ?? 0;
}

const PENDING = { blockTag: "pending" } as const;

function formOf(of: PinTarget | PinBoard): Form {
  const writing = of as unknown as IPinBoard;
  const reading = of as PinBoard;
  return {
    pinStateRoot: ({ anchor, header }) => events(writing.pinStateRoot(anchor, header)),
    pinStorageRoot: ({ anchor, header, witness }, account) =>
      events(writing.pinStorageRoot(anchor, header, account, witness)),
    pinSlot: ({ anchor, header, witness }, account, slot) =>
      events(writing.pinSlot(anchor, header, account, word(slot), witness)),
    requireStateRoot: (root, maxAge) => reading.requireStateRoot(root, maxAge, PENDING),
    requireStorageRoot: (account, root, maxAge) => reading.requireStorageRoot(account, root, maxAge, PENDING),
    requireSlot: (account, slot, value, maxAge) => reading.requireSlot(account, word(slot), value, maxAge, PENDING),
  };
}
