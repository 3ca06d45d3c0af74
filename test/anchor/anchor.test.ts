import { expect } from "chai";
import { network } from "hardhat";

import { type Hex } from "../../src/core/bytes.js";
import { checkAnchor, verifyStateAnchor, type StateAnchor } from "../../src/anchor/anchor.js";
import { latestAnchor, latestStateAnchor } from "../../src/actions/latestAnchor.js";
import { hashHeader } from "../../src/header/header.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected, thrown } from "../../tools/errors.js";
import { sampleHeader } from "../../tools/headers.js";
import { needVectors, readVector } from "../../tools/vectors.js";

const word = (byte: string): Hex => `0x${byte.repeat(32)}`;
const OTHER = word("77");

describe("Anchors", function () {
  describe("the latest anchor", function () {
    let request: Request;
    let asked: string[];

    beforeEach(async function () {
      const { provider } = await network.create();
      asked = [];
      request = (args) => {
        asked.push(args.method);
        return provider.request(args);
      };
      for (let i = 0; i < 5; i++) await provider.request({ method: "evm_mine" });
    });

    it("lies two blocks behind the head, or as many as are asked for, and asks for the head once", async function () {
      for (const [depth, number] of [
        [undefined, "0x3"],
        [1, "0x4"],
        [5, "0x0"],
      ] as const) {
        asked = [];
        const anchor = await latestAnchor(request, depth === undefined ? {} : { depth });
        expect(asked).to.deep.equal(["eth_blockNumber", "eth_getBlockByNumber"]);
        const block = (await request({ method: "eth_getBlockByNumber", params: [number, false] })) as { hash: Hex };
        expect(anchor).to.deep.equal({ number: BigInt(number), hash: block.hash });
      }
    });

    it("F9: never is the head, nor ahead of it, nor before genesis", async function () {
      for (const depth of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
        const { details } = await rejected("INVALID_ANCHOR", latestAnchor(request, { depth }));
        expect(details.depth).to.deep.equal(depth);
      }
      expect(asked).to.deep.equal([]);
    });

    it("F29: on a young chain says how long the chain must be", async function () {
      const { details, message } = await rejected("INVALID_ANCHOR", latestAnchor(request, { depth: 7 }));
      expect(details).to.include({ depth: 7, number: 5n });
      expect(message).to.match(
        /the head is block 5, and depth 7 needs a head of at least block 7: mine 2 blocks first/,
      );
    });

    it("F22: takes no option that it does not know, nor one of another type", async function () {
      for (const options of [null, 2, "2", [2], { dept: 2 }, { depth: 2, timeout: 0 }])
        await rejected("INVALID_OPTION", latestAnchor(request, options as never));
      for (const depth of ["2", 2n, null]) await rejected("INVALID_ANCHOR", latestAnchor(request, { depth } as never));
      expect(asked).to.deep.equal([]);
    });

    it("SG-15, O1: is not taken from a header that does not hash to its hash", async function () {
      const lying: Request = async (args) => {
        const answer = await request(args);
        return args.method === "eth_getBlockByNumber" ? { ...(answer as object), hash: OTHER } : answer;
      };
      await rejected("HEADER_HASH_MISMATCH", latestAnchor(lying));
      await rejected("HEADER_HASH_MISMATCH", latestStateAnchor(lying));
    });

    it("O13: is not taken from a head that is no quantity", async function () {
      for (const head of [5, null, "0x05", "0x", {}, []]) {
        const { details } = await rejected(
          "INVALID_RESPONSE",
          latestAnchor(() => Promise.resolve(head)),
        );
        expect(details.method).to.equal("eth_blockNumber");
      }
    });

    it("as a state anchor comes with the header that the contract accepts for it", async function () {
      const { ethers, provider } = await network.create();
      for (let i = 0; i < 3; i++) await provider.request({ method: "evm_mine" });
      const harness = await ethers.deployContract("HeaderReaderHarness");
      const { anchor, header } = await latestStateAnchor((args) => provider.request(args), { depth: 1 });
      verifyStateAnchor(anchor, header);
      await harness.getFunction("verifyStateAnchor")(header, anchor);
      expect(anchor.number).to.equal(3n);
    });
  });

  describe("a state anchor and its header", function () {
    const header = sampleHeader(21);
    const hash = hashHeader(header);
    const anchor: StateAnchor = { number: 0x1400000n, hash, stateRoot: `0x${"14".repeat(32)}` };

    it("agree, as hexadecimal of any case", function () {
      verifyStateAnchor(anchor, header);
      verifyStateAnchor({ ...anchor, hash: `0x${hash.slice(2).toUpperCase()}` }, `0x${header.slice(2).toUpperCase()}`);
    });

    it("H1, H2, H5: disagree with the contract's reasons, in its order, each with both values", function () {
      const number = 7n;
      expect(
        thrown("HEADER_HASH_MISMATCH", () => verifyStateAnchor({ number, hash: OTHER, stateRoot: OTHER }, header))
          .details,
      ).to.deep.equal({ number, claimed: OTHER, actual: hash });

      const malformed = sampleHeader(21, { 8: Uint8Array.of(0) });
      const claim = { ...anchor, number, hash: hashHeader(malformed) };
      expect(thrown("HEADER_MALFORMED", () => verifyStateAnchor(claim, malformed)).details.field).to.equal(8);

      expect(
        thrown("HEADER_NUMBER_MISMATCH", () => verifyStateAnchor({ ...anchor, number, stateRoot: OTHER }, header))
          .details,
      ).to.deep.equal({ claimed: number, actual: anchor.number });

      expect(
        thrown("STATE_ROOT_MISMATCH", () => verifyStateAnchor({ ...anchor, stateRoot: OTHER }, header)).details,
      ).to.deep.equal({ number: anchor.number, claimed: OTHER, actual: anchor.stateRoot });
    });

    it("H10, H20, F2: disagree where the header is a sibling's, genuine and of the same height", function () {
      needVectors(this);
      type Block = { chain?: string; hash?: Hex; number?: Hex; stateRoot?: Hex; rlp?: Hex };
      const { cases } = readVector<{ cases: { blocks: Block[] }[] }>("conformance/headers/bc-reorg-chains.json");
      let siblings = 0;
      for (const { blocks } of cases) {
        const known = new Map<string, Block>();
        for (const block of blocks.filter(({ number }) => number !== undefined)) {
          const other = known.get(block.number!);
          known.set(block.number!, block);
          if (other === undefined || other.hash === block.hash) continue;
          siblings++;
          const claim = { number: BigInt(other.number!), hash: other.hash!, stateRoot: other.stateRoot! };
          verifyStateAnchor(claim, other.rlp!);
          thrown("HEADER_HASH_MISMATCH", () => verifyStateAnchor(claim, block.rlp!));
        }
      }
      expect(siblings).to.be.greaterThan(100);
      console.log(`      ${siblings} pairs of siblings`);
    });

    it("O21: agree just as well where no chain has the block: that is for the contract's block-hash source to say", function () {
      const madeUp = sampleHeader(21, { 3: new Uint8Array(32).fill(0xbd) });
      verifyStateAnchor({ ...anchor, hash: hashHeader(madeUp), stateRoot: word("bd") }, madeUp);
    });

    it("H3: agree whatever a later fork appends, as in the contract", function () {
      const later = sampleHeader(23, { 23: new Uint8Array(40), 24: Uint8Array.of(1) });
      verifyStateAnchor({ ...anchor, hash: hashHeader(later) }, later);
    });
  });

  it("SG-2, M6: zero means unknown and is no anchor; neither is a number beyond 64 bits, nor a hash of another length", function () {
    const zero: Hex = `0x${"00".repeat(32)}`;
    thrown("INVALID_ANCHOR", () => checkAnchor({ number: 1n, hash: zero }));
    thrown("INVALID_ANCHOR", () => checkAnchor({ number: 1n, hash: OTHER, stateRoot: zero }));
    thrown("INVALID_ANCHOR", () => checkAnchor({ number: -1n, hash: OTHER }));
    thrown("INVALID_ANCHOR", () => checkAnchor({ number: 2n ** 64n, hash: OTHER }));
    thrown("INVALID_ANCHOR", () => checkAnchor({ number: 1 as unknown as bigint, hash: OTHER }));
    thrown("INVALID_HEX", () => checkAnchor({ number: 1n, hash: "0x12" }));
    for (const none of [
      undefined,
      null,
      3n,
      "latest",
      {},
      { hash: OTHER },
      { number: 1n, hash: OTHER, stateRoot: undefined },
    ]) {
      const code = none !== null && typeof none === "object" && "stateRoot" in none ? "INVALID_HEX" : "INVALID_ANCHOR";
      thrown(code, () => checkAnchor(none as never));
      thrown(code, () => verifyStateAnchor(none as never, sampleHeader(21)));
    }
    thrown("INVALID_ANCHOR", () => verifyStateAnchor({ number: 1n, hash: OTHER } as never, sampleHeader(21)));
    checkAnchor({ number: 2n ** 64n - 1n, hash: OTHER, stateRoot: OTHER });
  });
});
