import { expect, use } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";

import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { prove } from "../../src/actions/prove.js";
import type { StateAnchor } from "../../src/anchor/anchor.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { EMPTY_ROOT as NO_TRIE } from "../../src/proof/trie.js";
import { setCode, signerOf } from "../../tools/sources/install.js";
import {
  ForeignPinBoard__factory,
  IPinBoard__factory,
  ISourceErrors__factory,
  PinBoard__factory,
  PinTarget__factory,
  ToldSource__factory,
  type IPinBoard,
  type PinTarget,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const EMPTY_ROOT = toHex(NO_TRIE);
const [HEAD, SAFE, FINALIZED] = [0, 1, 2];
const ANY_AGE = 2n ** 64n - 1n;
const ACCOUNT: Hex = "0x00000000000000000000000000000000000c0de5";
const NOBODY: Hex = "0x00000000000000000000000000000000000dead5";
const word = (value: bigint): Hex => toWord(value);
const errors = { interface: ISourceErrors__factory.createInterface() };

/** `Pin` of the contracts. */
interface Pin {
  readonly number: bigint;
  readonly value: bigint;
}

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

  const pinOf = ({ anchor }: Proven, value: bigint | Hex): Pin => ({ number: anchor.number, value: BigInt(value) }); // prettier-ignore

  const forms: Record<string, () => Promise<Form>> = {
    "in a protocol": async () => {
      const target = await new PinTarget__factory(signer).deploy();
      return { ...ofTarget(target), address: await target.getAddress() };
    },
    "on the shared board": async () => {
      const board = await new PinBoard__factory(signer).deploy();
      return { ...ofBoard(IPinBoard__factory.connect(await board.getAddress(), signer)), address: await board.getAddress() }; // prettier-ignore
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
        const ofSlot = await proveAt(proven.anchor.number, ACCOUNT, [7n]);
        await form.pinStateRoot(proven);
        await form.pinStorageRoot(proven, ACCOUNT);
        await form.pinSlot(ofSlot, ACCOUNT, 7n);
        const { storageHash } = (await chain.request({
          method: "eth_getProof",
          params: [ACCOUNT, [], "latest"],
        })) as { storageHash: Hex };
        expect(await form.slotOf(ACCOUNT, 7n, pinOf(ofSlot, 70n), ANY_AGE)).to.equal(70n);
        expect(await form.stateRootOf(pinOf(proven, proven.anchor.stateRoot), ANY_AGE)).to.equal(proven.anchor.stateRoot); // prettier-ignore
        expect(await form.storageRootOf(ACCOUNT, pinOf(proven, storageHash), ANY_AGE)).to.equal(storageHash);
      });

      it("SG-3, SG-22: absence is pinned as absence, and what was not pinned is no zero", async () => {
        const slot = await proveAt(chain.head.number, ACCOUNT, [9n]);
        const nobody = await proveAt(chain.head.number, NOBODY, [7n]);
        for (const [proven, account, position] of [
          [slot, ACCOUNT, 9n],
          [nobody, NOBODY, 7n],
        ] as const) {
          const asked = form.slotOf(account, position, pinOf(proven, 0n), ANY_AGE);
          await expect(asked).to.be.rejectedByGuard("PinMissing");
          await form.pinSlot(proven, account, position);
          expect(await form.slotOf(account, position, pinOf(proven, 0n), ANY_AGE)).to.equal(0n);
        }
        const alone = await proveAt(chain.head.number, NOBODY);
        await form.pinStorageRoot(alone, NOBODY);
        expect(await form.storageRootOf(NOBODY, pinOf(alone, EMPTY_ROOT), ANY_AGE)).to.equal(EMPTY_ROOT);
        await expect(form.storageRootOf(NOBODY, pinOf(alone, 0n), ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
      });

      it("SG-22: a newer block's pin replaces an older one's, and never the other way round", async () => {
        const old = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await setSlot(7n, 71n);
        await chain.mine(1);
        const newer = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(old, ACCOUNT, 7n);
        expect(await form.pinSlot(newer, ACCOUNT, 7n)).to.equal(1);
        expect(await form.slotOf(ACCOUNT, 7n, pinOf(newer, 71n), ANY_AGE)).to.equal(71n);
        await expect(form.slotOf(ACCOUNT, 7n, pinOf(old, 70n), ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
        // Neither the older one, nor the same again, writes or says anything; and neither is a failure.
        for (const late of [old, newer]) expect(await form.pinSlot(late, ACCOUNT, 7n)).to.equal(0);
        expect(await form.slotOf(ACCOUNT, 7n, pinOf(newer, 71n), ANY_AGE)).to.equal(71n);
      });

      it("SG-2, SG-22: another block, value, slot or account is not what was pinned", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        const pin = pinOf(proven, 70n);
        for (const wrong of [
          { ...pin, number: pin.number - 1n },
          { ...pin, number: pin.number + 2n ** 40n },
          { ...pin, value: 71n },
          { ...pin, value: 70n + 2n ** 216n },
          { ...pin, value: 0n },
        ])
          await expect(form.slotOf(ACCOUNT, 7n, wrong, ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
        await expect(form.slotOf(ACCOUNT, 8n, pin, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
        await expect(form.slotOf(NOBODY, 7n, pin, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
        await expect(form.storageRootOf(ACCOUNT, pin, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
        await expect(form.stateRootOf(pin, ANY_AGE)).to.be.rejectedByGuard("PinMissing");
      });

      it("SG-22, F17: is read with a greatest age, in blocks", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        await chain.mine(10);
        const age = chain.head.number + 1n - proven.anchor.number;
        expect(await form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), age)).to.equal(70n);
        await expect(form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), age - 1n)).to.be.rejectedByGuard("AnchorTooDeep");
        await expect(form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), 0n)).to.be.rejectedByGuard("AnchorTooDeep");
      });

      it("SG-22: is not surer than the blocks that it rests on", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        for (const least of [SAFE, FINALIZED])
          await expect(form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), ANY_AGE, least))
            .to.be.revertedWithCustomError(errors, "SourceTierTooLow")
            .withArgs(form.address, least, HEAD);
      });

      it("SG-1, SG-3: pins nothing of another branch, another root, or a witness that shows nothing", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        const other = await proveAt(chain.head.number - 1n, ACCOUNT, [8n]);
        const { anchor } = proven;
        const wrongs: [Proven, string][] = [
          [{ ...proven, anchor: { ...anchor, hash: word(5n) } }, "AnchorMismatch"],
          [{ ...proven, anchor: { ...anchor, stateRoot: other.anchor.stateRoot } }, "StateRootMismatch"],
          [{ ...proven, header: other.header }, "HeaderHashMismatch"],
          [{ ...proven, witness: other.witness }, "StateProofInvalid"],
          [{ ...proven, witness: "0x" }, "StateProofInvalid"],
        ];
        for (const [wrong, name] of wrongs)
          await expect(form.pinSlot(wrong, ACCOUNT, 7n), name).to.be.rejectedByGuard(name as "AnchorMismatch");
        await expect(form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), ANY_AGE)).to.be.rejectedByGuard("PinMissing");
      });

      it("SG-9, SG-22, F3: a reorg that drops the pinned block drops the pin, and re-included it reverts", async () => {
        const proven = await proveAt(chain.head.number, ACCOUNT, [7n]);
        await form.pinSlot(proven, ACCOUNT, 7n);
        await form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), ANY_AGE);
        const depth = Number(chain.head.number - proven.anchor.number) + 1;
        await chain.reorg({ depth });
        expect(chain.at(proven.anchor.number)?.hash).not.to.equal(proven.anchor.hash);
        await expect(form.slotOf(ACCOUNT, 7n, pinOf(proven, 70n), ANY_AGE)).to.be.rejectedByGuard("PinMissing");
      });
    });
  }

  describe("under a pinned storage root", () => {
    it("reads one slot and many with the storage's nodes alone, absence included", async () => {
      const target = await new PinTarget__factory(signer).deploy();
      const proven = await proveAt(chain.head.number, ACCOUNT);
      await target.pinStorageRoot(proven.anchor, proven.header, ACCOUNT, proven.witness);
      const { account } = await prove(chain.request, { anchor: proven.anchor, account: ACCOUNT });
      const pin = pinOf(proven, account.status === "present" ? account.storageRoot : EMPTY_ROOT);
      for (const [slot, value] of [
        [7n, 70n],
        [8n, 2n ** 256n - 1n],
        [9n, 0n],
      ] as const) {
        const { witness: storageWitness } = await prove(chain.request, {
          ...{ anchor: proven.anchor, account: ACCOUNT, slots: [slot] },
          pinned: { storageRoot: toWord(pin.value) },
        });
        expect(await target.slotUnder(ACCOUNT, pin, ANY_AGE, word(slot), storageWitness)).to.equal(value);
        await expect(
          target.slotUnder(ACCOUNT, { ...pin, value: pin.value ^ 1n }, ANY_AGE, word(slot), storageWitness),
        ).to.be.rejectedByGuard("PinDiffers");
        const cut = storageWitness.slice(0, -2);
        await expect(target.slotUnder(ACCOUNT, pin, ANY_AGE, word(slot), cut)).to.be.rejectedByGuard(
          "StateProofInvalid",
        );
      }
      const many = await prove(chain.request, { anchor: proven.anchor, account: ACCOUNT, slots: [7n, 8n, 9n] });
      const values = await target.slotsUnder(ACCOUNT, pin, ANY_AGE, many.slots.map(({ slot }) => slot), many.storageWitness); // prettier-ignore
      expect([...values]).to.deep.equal(many.slots.map(({ value }) => BigInt(value)));
    });
  });

  describe("of another chain", () => {
    it("SG-22, F8: serves what the source still calls canonical, counted from its newest block, with the source's tier", async () => {
      const told = await new ToldSource__factory(signer).deploy(5n, FINALIZED);
      const foreign = await forks.create({ name: "foreign", history: "transaction", blocks: 10 });
      try {
        await foreign.request({ method: "hardhat_setStorageAt", params: [ACCOUNT, "0x7", word(70n)] });
        await foreign.request({ method: "hardhat_setCode", params: [ACCOUNT, "0x00"] });
        await foreign.mine(1);
        const number = foreign.head.number;
        const proven = await prove(foreign.request, { anchor: foreign.head, account: ACCOUNT, slots: [7n] });
        await told.tell(number, foreign.head.hash);
        await expect(new ForeignPinBoard__factory(signer).deploy(told, 6n)).to.be.revertedWithCustomError(errors, "SourceOfOtherChain"); // prettier-ignore
        const board = await new ForeignPinBoard__factory(signer).deploy(told, 5n);
        const form = ofBoard(IPinBoard__factory.connect(await board.getAddress(), signer));
        const pin = pinOf(proven, 70n);
        await form.pinSlot(proven, ACCOUNT, 7n);
        expect(await form.slotOf(ACCOUNT, 7n, pin, 1n, FINALIZED)).to.equal(70n);

        await told.tell(number + 9n, word(9n));
        expect(await form.slotOf(ACCOUNT, 7n, pin, 10n)).to.equal(70n);
        await expect(form.slotOf(ACCOUNT, 7n, pin, 9n)).to.be.rejectedByGuard("AnchorTooDeep");
        // The other chain has dropped the block; the pin stays where it is, and is not served.
        await told.tell(number, word(8n));
        await expect(form.slotOf(ACCOUNT, 7n, pin, ANY_AGE)).to.be.rejectedByGuard("PinDiffers");
        // Where the source's newest block falls behind the pin's, nothing can be said of its age.
        await told.tell(number, foreign.head.hash);
        await told.tell(number - 5n, word(5n));
        await expect(form.slotOf(ACCOUNT, 7n, pin, ANY_AGE)).to.be.rejectedByGuard("AnchorInFuture");
        // What is not known is not served either.
        await told.tell(number, word(0n));
        await told.tell(number + 9n, word(9n));
        await expect(form.slotOf(ACCOUNT, 7n, pin, ANY_AGE)).to.be.rejectedByGuard("AnchorHashUnknown");
      } finally {
        await foreign.close();
      }
    });
  });
});

/** The same pins, written and read in one way. */
interface Form {
  readonly address: string;
  pinStateRoot(proven: { anchor: StateAnchor; header: Hex }): Promise<number>;
  pinStorageRoot(proven: { anchor: StateAnchor; header: Hex; witness: Hex }, account: Hex): Promise<number>;
  pinSlot(proven: { anchor: StateAnchor; header: Hex; witness: Hex }, account: Hex, slot: bigint): Promise<number>;
  stateRootOf(pin: Pin, maxAge: bigint): Promise<string>;
  storageRootOf(account: Hex, pin: Pin, maxAge: bigint): Promise<string>;
  slotOf(account: Hex, slot: bigint, pin: Pin, maxAge: bigint, least?: number): Promise<bigint>;
}

/** How many events a transaction left. */
async function events(sent: Promise<{ wait(): Promise<{ logs: readonly unknown[] } | null> }>): Promise<number> {
  return (await (await sent).wait())?.logs.length ?? 0;
}

const PENDING = { blockTag: "pending" } as const;

function ofTarget(target: PinTarget): Omit<Form, "address"> {
  return {
    pinStateRoot: ({ anchor, header }) => events(target.pinStateRoot(anchor, header)),
    pinStorageRoot: ({ anchor, header, witness }, account) =>
      events(target.pinStorageRoot(anchor, header, account, witness)),
    pinSlot: ({ anchor, header, witness }, account, slot) =>
      events(target.pinSlot(anchor, header, account, word(slot), witness)),
    stateRootOf: (pin, maxAge) => target.stateRootOf(pin, maxAge, PENDING),
    storageRootOf: (account, pin, maxAge) => target.storageRootOf(account, pin, maxAge, PENDING),
    slotOf: (account, slot, pin, maxAge, least = HEAD) =>
      target.slotOf(account, word(slot), pin, maxAge, least, PENDING),
  };
}

function ofBoard(board: IPinBoard): Form {
  return {
    address: String(board.target),
    pinStateRoot: ({ anchor, header }) => events(board.pinStateRoot(anchor, header)),
    pinStorageRoot: ({ anchor, header, witness }, account) =>
      events(board.pinStorageRoot(anchor, header, account, witness)),
    pinSlot: ({ anchor, header, witness }, account, slot) =>
      events(board.pinSlot(anchor, header, account, word(slot), witness)),
    stateRootOf: (pin, maxAge) => board.stateRootOf(pin, maxAge, HEAD, PENDING),
    storageRootOf: (account, pin, maxAge) => board.storageRootOf(account, pin, maxAge, HEAD, PENDING),
    slotOf: (account, slot, pin, maxAge, least = HEAD) =>
      board.slotOf(account, word(slot), pin, maxAge, least, PENDING),
  };
}
