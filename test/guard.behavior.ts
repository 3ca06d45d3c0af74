import { expect, use } from "chai";
import type { Signer } from "ethers";

import { type Anchor, type StateAnchor } from "../src/anchor/anchor.js";
import { latestStateAnchor } from "../src/actions/latestAnchor.js";
import type { GuardErrorName } from "../src/explain/guardErrors.js";
import { decodeGuardError } from "../src/explain/guardErrors.js";
import type { Hex } from "../src/core/bytes.js";
import { revertDataOf, settlementGuardMatchers } from "../src/chai/index.js";
import { HISTORY_ADDRESS } from "../src/forks/index.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { IGuardErrors__factory, type AnchoredTarget } from "../typechain-types/index.js";

use(settlementGuardMatchers);

const ZERO = `0x${"00".repeat(32)}` as Hex;
const WRONG = `0x${"be".repeat(32)}` as Hex;
/** The depth bounds with which every guard under test is deployed. */
export const MIN_DEPTH = 2n;
export const MAX_DEPTH = 8_191n;

/** A chain that is long enough for every window, and a way to deploy the guard under test on it. */
export interface GuardUnderTest {
  chain: HardhatChain;
  /** Has the interface of `AnchoredTarget`, whatever is behind it. */
  target: AnchoredTarget;
  signer: Signer;
}

/** What every form of the guard must do: inherited, behind a proxy, by delegatecall, from every compiler. */
export function shouldBehaveLikeGuard(form: string, setUp: () => Promise<GuardUnderTest>): void {
  describe(`the guard, ${form}`, () => {
    let chain: HardhatChain;
    let target: AnchoredTarget;

    before(async () => {
      ({ chain, target } = await setUp());
    });

    /** The block in which the next transaction executes. */
    const executing = (): bigint => chain.head.number + 1n;
    const anchorAt = (depth: bigint): Anchor => {
      const number = executing() - depth;
      const hash = chain.at(number)?.hash;
      expect(hash, `a block ${number}`).not.to.equal(undefined);
      return { number, hash: hash as Hex };
    };

    async function expectAccepted(anchor: Anchor): Promise<void> {
      expect(await preview(anchor)).to.deep.equal([true, "0x"]);
      const before = await target.actions();
      await (await target.act(anchor)).wait();
      expect(await target.actions()).to.equal(before + 1n);
    }

    /** The action reverts with this error and these values, has no effect, and the preview said the same. */
    async function expectRefused(
      anchor: Anchor,
      name: GuardErrorName,
      values: Record<string, bigint | string>,
    ): Promise<void> {
      const before = await target.actions();
      const previewed = await preview(anchor);
      const data = await target.act(anchor).then(
        () => undefined,
        (error: unknown) => revertDataOf(error),
      );
      expect(data, "revert data").not.to.equal(undefined);
      expect(decodeGuardError(data as string)).to.deep.equal({ name, values });
      expect(previewed).to.deep.equal([false, data]);
      expect(await target.actions()).to.equal(before);
    }

    async function preview(anchor: Anchor): Promise<[boolean, string]> {
      const [allowed, reason] = await target.previewAnchored(anchor, { blockTag: "pending" });
      return [allowed, reason];
    }

    describe("an anchor of the executing chain", () => {
      for (const depth of [2n, 3n, 255n, 256n, 257n, 300n, 8_190n, 8_191n]) {
        it(`C6: is accepted at depth ${depth}`, async () => {
          await expectAccepted(anchorAt(depth));
        });
      }

      it("C6: is refused at depth 8,192, just beyond the window and the bound", async () => {
        const anchor = anchorAt(8_192n);
        await expectRefused(anchor, "AnchorTooDeep", { number: anchor.number, head: executing(), maxDepth: MAX_DEPTH });
      });

      it("SG-2: is refused above the smallest depth", async () => {
        const anchor = anchorAt(1n);
        await expectRefused(anchor, "AnchorTooShallow", {
          number: anchor.number,
          head: executing(),
          minDepth: MIN_DEPTH,
        });
      });
    });

    describe("an anchor of no chain", () => {
      it("C1, SG-2: a zero hash is refused at every height, also where the source itself answers zero", async () => {
        for (const number of [
          0n,
          1n,
          executing() - 2n,
          executing() - 300n,
          executing(),
          executing() + 1n,
          2n ** 64n - 1n,
        ]) {
          await expectRefused({ number, hash: ZERO }, "ZeroAnchorHash", { number });
        }
      });

      it("refuses the executing block", async () => {
        await expectRefused({ number: executing(), hash: WRONG }, "AnchorIsCurrentBlock", { number: executing() });
      });

      it("refuses blocks to come, up to the largest number", async () => {
        for (const number of [executing() + 1n, 2n ** 64n - 1n]) {
          await expectRefused({ number, hash: WRONG }, "AnchorInFuture", { number, head: executing() });
        }
      });

      for (const depth of [2n, 256n, 257n, 8_191n]) {
        it(`SG-1: another hash at depth ${depth} is refused, with both hashes`, async () => {
          const { number, hash } = anchorAt(depth);
          await expectRefused({ number, hash: WRONG }, "AnchorMismatch", { number, claimed: WRONG, actual: hash });
        });
      }

      it("H2: a genuine hash under another number is refused", async () => {
        const { number, hash } = anchorAt(10n);
        const other = anchorAt(11n);
        await expectRefused({ number: other.number, hash }, "AnchorMismatch", {
          number: other.number,
          claimed: hash,
          actual: other.hash,
        });
        expect(number).not.to.equal(other.number);
      });
    });

    describe("a history contract that does not answer", () => {
      const word = (hash: string): string => `7f${hash.slice(2)}5f52`;
      const programs: Record<string, (claimed: string) => string> = {
        "reverts, with the very hash as its data": (claimed) => `0x${word(claimed)}60205ffd`,
        "reverts without data": () => "0x5f5ffd",
        "runs out of gas": () => "0xfe",
        "returns nothing": () => "0x00",
        "returns 31 bytes": (claimed) => `0x${word(claimed)}601f5ff3`,
        "returns 33 bytes": (claimed) => `0x${word(claimed)}60215ff3`,
        "returns 64 bytes": (claimed) => `0x${word(claimed)}60405ff3`,
        "returns zero": () => "0x60205ff3",
        "has no code": () => "0x",
      };

      for (const [behaviour, program] of Object.entries(programs)) {
        it(`SG-4, SG-3, C3, C4: an old block is unknown where the contract ${behaviour}`, async () => {
          const code = (await chain.request({ method: "eth_getCode", params: [HISTORY_ADDRESS, "latest"] })) as string;
          const anchor = anchorAt(300n);
          await chain.request({ method: "hardhat_setCode", params: [HISTORY_ADDRESS, program(anchor.hash)] });
          try {
            await expectRefused(anchor, "AnchorHashUnknown", { number: anchor.number, head: executing() });
            await expectAccepted(anchorAt(256n));
          } finally {
            await chain.request({ method: "hardhat_setCode", params: [HISTORY_ADDRESS, code] });
          }
        });
      }
    });

    describe("a state anchor", () => {
      let anchor: StateAnchor;
      let header: Hex;

      beforeEach(async () => {
        ({ anchor, header } = await latestStateAnchor(chain.request, { depth: 5 }));
      });

      async function expectStateRefused(
        state: StateAnchor,
        rlp: string,
        name: GuardErrorName,
        values: Record<string, bigint | string>,
      ): Promise<void> {
        const before = await target.actions();
        const [allowed, reason] = await target.previewAnchoredState(state, rlp, { blockTag: "pending" });
        const data = await target.actOnState(state, rlp).then(
          () => undefined,
          (error: unknown) => revertDataOf(error),
        );
        expect(data, "revert data").not.to.equal(undefined);
        expect(decodeGuardError(data as string)).to.deep.equal({ name, values });
        expect([allowed, reason]).to.deep.equal([false, data]);
        expect(await target.actions()).to.equal(before);
      }

      it("is accepted with its header", async () => {
        expect([...(await target.previewAnchoredState(anchor, header, { blockTag: "pending" }))]).to.deep.equal([
          true,
          "0x",
        ]);
        const before = await target.actions();
        await (await target.actOnState(anchor, header)).wait();
        expect(await target.actions()).to.equal(before + 1n);
      });

      it("SG-1: another state root is refused, with both roots", async () => {
        await expectStateRefused({ ...anchor, stateRoot: WRONG }, header, "StateRootMismatch", {
          number: anchor.number,
          claimed: WRONG,
          actual: anchor.stateRoot,
        });
      });

      it("SG-2, M6: a zero state root is refused like any other", async () => {
        await expectStateRefused({ ...anchor, stateRoot: ZERO }, header, "StateRootMismatch", {
          number: anchor.number,
          claimed: ZERO,
          actual: anchor.stateRoot,
        });
      });

      it("H1: another block's genuine header is refused by its hash, whatever it says", async () => {
        const { header: other, anchor: otherAnchor } = await latestStateAnchor(chain.request, { depth: 6 });
        await expectStateRefused(anchor, other, "HeaderHashMismatch", {
          number: anchor.number,
          claimed: anchor.hash,
          actual: otherAnchor.hash,
        });
      });

      it("SG-2: an empty header is refused", async () => {
        const emptyHash = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"; // keccak256 of no bytes
        await expectStateRefused(anchor, "0x", "HeaderHashMismatch", {
          number: anchor.number,
          claimed: anchor.hash,
          actual: emptyHash,
        });
      });

      it("SG-1: a state anchor of another branch is refused before its header is read", async () => {
        await expectStateRefused({ ...anchor, hash: WRONG }, header, "AnchorMismatch", {
          number: anchor.number,
          claimed: WRONG,
          actual: anchor.hash,
        });
      });
    });

    it("SG-14: previews agree with the real call on every depth around the bounds, in one block", async () => {
      for (const depth of [0n, 1n, 2n, 3n, 255n, 256n, 257n, 8_190n, 8_191n, 8_192n, 8_193n]) {
        const number = executing() - depth;
        const anchor = { number, hash: chain.at(number)?.hash ?? WRONG };
        const [allowed, reason] = await preview(anchor);
        const data = await target.act.staticCall(anchor, { blockTag: "pending" }).then(
          () => "0x",
          (error: unknown) => revertDataOf(error),
        );
        expect(reason, `depth ${depth}`).to.equal(data);
        expect(allowed, `depth ${depth}`).to.equal(data === "0x");
      }
    });

    it("SG-11: tells each of its errors from others", async () => {
      const selectors = guardErrorSelectors();
      expect(selectors).to.have.length(23);
      for (const selector of selectors) expect(await target.isGuardError(selector), selector).to.equal(true);
      for (const selector of ["0x00000000", "0xffffffff", "0x08c379a0", "0x4e487b71"]) {
        expect(await target.isGuardError(selector), selector).to.equal(false);
      }
    });
  });
}

/** The selectors of all errors in the interface's ABI: independent of the TypeScript list, and of what a contract inherits. */
function guardErrorSelectors(): string[] {
  const selectors: string[] = [];
  IGuardErrors__factory.createInterface().forEachError(({ selector }) => void selectors.push(selector));
  return selectors;
}
