import { expect } from "chai";
import { TypedDataEncoder, verifyTypedData, Wallet } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import type { Anchor, StateAnchor } from "../../src/anchor/anchor.js";
import {
  ANCHOR_TYPE,
  anchorDigest,
  hashAnchor,
  hashStateAnchor,
  STATE_ANCHOR_TYPE,
  withAnchor,
  type TypedDataDomain,
  type TypedDataField,
} from "../../src/anchor/typedData.js";
import { thrown } from "../../tools/errors.js";
import { random } from "../../tools/random.js";

const word = (byte: string): Hex => `0x${byte.repeat(32)}`;
const anchor: Anchor = { number: 21_000_000n, hash: word("ab") };
const stateAnchor: StateAnchor = { ...anchor, stateRoot: word("cd") };
const mutable = (fields: readonly TypedDataField[]): TypedDataField[] => fields.map((field) => ({ ...field }));
const Anchor = mutable(ANCHOR_TYPE);
const StateAnchor = mutable(STATE_ANCHOR_TYPE);

const types = {
  Order: [
    { name: "trader", type: "address" },
    { name: "legs", type: "Leg[]" },
  ],
  Leg: [{ name: "size", type: "uint256" }],
};
const message = { trader: "0x1111111111111111111111111111111111111111", legs: [{ size: 1n }, { size: 2n }] };
const domain = {
  name: "Perps",
  version: "1",
  chainId: 1,
  verifyingContract: "0x2222222222222222222222222222222222222222",
};

describe("Anchors in EIP-712", function () {
  describe("withAnchor", function () {
    it("binds an order to an anchor, ready for ethers, and changes nothing that it was given", async function () {
      const before = structuredClone({ types, message, anchor });
      const result = withAnchor({ types, message, anchor });
      expect({ types, message, anchor }).to.deep.equal(before);
      expect(result.primaryType).to.equal("Order");
      expect(TypedDataEncoder.from(result.types).encodeType("Order")).to.equal(
        "Order(address trader,Leg[] legs,Anchor anchor)Anchor(uint64 number,bytes32 hash)Leg(uint256 size)",
      );
      const wallet = Wallet.createRandom();
      const signature = await wallet.signTypedData(domain, result.types, result.message);
      expect(verifyTypedData(domain, result.types, result.message, signature)).to.equal(wallet.address);

      // the member holds what hashAnchor says: the order's struct hash is made of it
      const moved = withAnchor({ types, message, anchor: { ...anchor, hash: word("ee") } });
      const hash = (value: typeof result): string => TypedDataEncoder.hash(domain, value.types, value.message);
      expect(hash(moved)).not.to.equal(hash(result));
    });

    it("binds to a state anchor, under a name of one's own, into the struct that is named", function () {
      const both = { ...types, Cancel: [{ name: "id", type: "bytes32" }] };
      const result = withAnchor({
        types: both,
        message: { id: word("01") },
        anchor: stateAnchor,
        primaryType: "Cancel",
        field: "preparedOn",
      });
      expect(result.types["Cancel"]).to.deep.equal([
        { name: "id", type: "bytes32" },
        { name: "preparedOn", type: "StateAnchor" },
      ]);
      expect(result.types["StateAnchor"]).to.deep.equal(StateAnchor);
      expect(result.message).to.deep.equal({ id: word("01"), preparedOn: stateAnchor });
      // What Cancel does not reach would keep ethers from signing.
      expect(Object.keys(result.types)).to.deep.equal(["Cancel", "StateAnchor"]);
    });

    it("accepts types that have the member already, and types with an EIP712Domain, which ethers does not", function () {
      const once = withAnchor({ types, message, anchor });
      const again = withAnchor({
        types: { EIP712Domain: [{ name: "name", type: "string" }], ...once.types },
        message: once.message,
        anchor,
      });
      expect(again).to.deep.equal(once);
      expect(TypedDataEncoder.from(again.types).primaryType).to.equal("Order");
    });

    it("refuses a name that means something else already, and says which", function () {
      const refuse = (run: () => unknown): string => thrown("INVALID_TYPED_DATA", run).details.reason;
      const withField = { Order: [...types.Order, { name: "anchor", type: "bytes32" }], Leg: types.Leg };
      expect(refuse(() => withAnchor({ types: withField, message, anchor }))).to.contain("Order.anchor");
      const withType = { ...types, Anchor: [{ name: "number", type: "uint256" }] };
      expect(refuse(() => withAnchor({ types: withType, message, anchor }))).to.contain("type Anchor");
      expect(refuse(() => withAnchor({ types, message: { ...message, anchor: 5 }, anchor }))).to.contain(
        "another anchor",
      );
      expect(refuse(() => withAnchor({ types, message, anchor, primaryType: "Swap" }))).to.contain("Swap");
      expect(refuse(() => withAnchor({ types, message, anchor, primaryType: "toString" }))).to.contain("toString");
      expect(refuse(() => withAnchor({ types: { ...types, Cancel: [] }, message, anchor }))).to.contain(
        "Order, Cancel",
      );
      expect(refuse(() => withAnchor({ types: {}, message, anchor }))).to.contain("primaryType");
      expect(refuse(() => withAnchor({ types: { Anchor }, message, anchor, primaryType: "Anchor" }))).to.contain(
        "anchorDigest",
      );
    });

    it("SG-2: refuses an anchor that is none", function () {
      thrown("INVALID_ANCHOR", () => withAnchor({ types, message, anchor: { ...anchor, hash: word("00") } }));
      thrown("INVALID_HEX", () => withAnchor({ types, message, anchor: { ...anchor, hash: "0x" } }));
    });
  });

  describe("hashes", function () {
    it("are those of ethers, of anchors and state anchors", function () {
      const source = random();
      console.log(`      seed ${source.seed}`);
      for (let i = 0; i < 100; i++) {
        const hex = (length: number): Hex => `0x${Buffer.from(source.bytes(length)).toString("hex")}`;
        const one: StateAnchor = { number: BigInt(hex(1 + source.below(8))), hash: hex(32), stateRoot: hex(32) };
        const { number, hash } = one;
        expect(hashAnchor({ number, hash })).to.equal(TypedDataEncoder.from({ Anchor }).hash({ number, hash }));
        expect(hashAnchor(one)).to.equal(hashAnchor({ number, hash }));
        expect(hashStateAnchor(one)).to.equal(TypedDataEncoder.from({ StateAnchor }).hash(one));
      }
    });

    it("F13: digests are those of ethers for every kind of domain, and differ by chain", function () {
      const { name, version, chainId, verifyingContract } = domain;
      const domains: TypedDataDomain[] = [
        domain,
        { name },
        { name, version },
        { chainId: 2n ** 255n, verifyingContract },
        { name: "Ünïcode ✓", version, chainId, salt: word("05") },
        {},
      ];
      for (const one of domains) {
        expect(anchorDigest(one, anchor)).to.equal(TypedDataEncoder.hash(one, { Anchor }, anchor));
        expect(anchorDigest(one, stateAnchor)).to.equal(TypedDataEncoder.hash(one, { StateAnchor }, stateAnchor));
      }
      expect(anchorDigest({ ...domain, chainId: 2 }, anchor)).not.to.equal(anchorDigest(domain, anchor));
    });

    it("are not made of what is no anchor or no domain", function () {
      thrown("INVALID_ANCHOR", () => hashAnchor({ number: 1n, hash: word("00") }));
      thrown("INVALID_ANCHOR", () => hashStateAnchor({ ...stateAnchor, stateRoot: word("00") }));
      for (const chainId of [-1, 1.5, 2n ** 256n])
        thrown("INVALID_TYPED_DATA", () => anchorDigest({ chainId }, anchor));
      thrown("INVALID_HEX", () => anchorDigest({ verifyingContract: "0x22" }, anchor));
      thrown("INVALID_HEX", () => anchorDigest({ salt: "0x22" }, anchor));
    });
  });
});
