import { createBlockHeaderFromRLP } from "@ethereumjs/block";
import { expect } from "chai";
import { encodeRlp as ethersRlp } from "ethers";
import { network } from "hardhat";

import { toBytes, toHex, type Hex } from "../../src/core/bytes.js";
import { decodeHeader, hashHeader, readHeader, startOf } from "../../src/header/header.js";
import { MAX_HEADER_SIZE, MIN_HEADER_SIZE } from "../../src/header/fields.js";
import { encodeHeader, headerFromRpc } from "../../src/header/fromRpc.js";
import { decodeRlp, encodeRlp, type RlpInput, type RlpItem } from "../../src/core/rlp.js";
import { thrown } from "../../tools/errors.js";
import { rpcBlock, sampleFields, sampleHeader } from "../../tools/headers.js";
import { countByFile, needVectors, readHeaderVectors, type HeaderVectors } from "../../tools/vectors.js";

const bytes = (hex: string): Uint8Array => toBytes(hex, "test");
const rlpOf = (fields: RlpInput): Hex => toHex(encodeRlp(fields));

describe("Block headers", function () {
  describe("the vectors", function () {
    let vectors: HeaderVectors;

    before(function () {
      needVectors(this);
      vectors = readHeaderVectors();
    });

    it("H3: re-hashes and decodes every honest header, of every fork", function () {
      const byFieldCount: Record<number, number> = {};
      for (const { file, id, rlp, hash, fields, number, parentHash, stateRoot, timestamp } of vectors.honest) {
        if (hash !== undefined) expect(hashHeader(rlp), `${file} ${id}`).to.equal(hash);
        const header = hash === undefined ? decodeHeader(rlp) : readHeader(rlp, hash);
        expect(ethersRlp([...header.fields]), id).to.equal(rlp);
        if (fields !== undefined) expect(header.fields.length, id).to.equal(fields);
        if (number !== undefined) expect(header.number, id).to.equal(BigInt(number));
        if (parentHash !== undefined) expect(header.parentHash, id).to.equal(parentHash);
        if (stateRoot !== undefined) expect(header.stateRoot, id).to.equal(stateRoot);
        if (timestamp !== undefined) expect(header.timestamp, id).to.equal(BigInt(timestamp));
        expect(startOf(bytes(rlp)), id).to.deep.equal({ stateRoot: header.stateRoot, number: header.number });
        byFieldCount[header.fields.length] = (byFieldCount[header.fields.length] ?? 0) + 1;
      }
      expect(Object.keys(byFieldCount)).to.deep.equal(["15", "16", "17", "20", "21"]);
      console.log(`      ${vectors.honest.length} read; by fields ${JSON.stringify(byFieldCount)}`);
      console.log(`      ${countByFile(vectors.honest)}`);
    });

    it("O7, H15: re-encodes every honest header served as JSON, nulls, Arbitrum and AuRa among them", function () {
      const served = vectors.honest.filter(({ rpc }) => rpc !== undefined);
      for (const { id, rpc, rlp, hash } of served) {
        expect(encodeHeader(rpc), id).to.equal(rlp);
        const header = headerFromRpc(rpc);
        expect(header.hash, id).to.equal(hash);
        expect({ ...header, hash: undefined, rlp: undefined }, id).to.deep.equal({
          ...decodeHeader(rlp),
          ...{ hash: undefined, rlp: undefined },
        });
      }
      expect(served.length).to.be.greaterThan(0);
      console.log(`      ${countByFile(served)}`);
    });

    it("H5, H7: refuses every malformed header", function () {
      for (const { id, rlp, slice } of vectors.malformed) {
        thrown("HEADER_MALFORMED", () => decodeHeader(rlp));
        // A whole block: taking it apart strictly fails, whatever a lenient reader makes of it.
        if (slice !== undefined) expect(() => readBlock(bytes(rlp)), id).to.throw();
      }
      console.log(`      ${countByFile(vectors.malformed)}`);
    });

    it("O1, H4, H12: believes no JSON block whose fields do not hash to its hash, and every one whose do", function () {
      const codes: Record<string, number> = {};
      for (const { id, rpc, accept } of vectors.rpc) {
        if (accept) expect(headerFromRpc(rpc).hash, id).to.equal(rpc["hash"]);
        else {
          let code = "accepted";
          try {
            headerFromRpc(rpc);
          } catch (error) {
            code = String((error as { code?: unknown }).code);
          }
          expect(code, id).to.be.oneOf(["HEADER_HASH_MISMATCH", "INVALID_HEADER"]);
          codes[code] = (codes[code] ?? 0) + 1;
        }
      }
      console.log(`      ${countByFile(vectors.rpc)}; refused: ${JSON.stringify(codes)}`);
    });

    it("agrees with @ethereumjs/block on a header's hash and fields", function () {
      const mainnet = vectors.honest.filter(({ file }) => file === "real/mainnet.json");
      for (const { rlp, hash } of mainnet) {
        const options = { setHardfork: true, skipConsensusFormatValidation: true };
        const theirs = createBlockHeaderFromRLP(bytes(rlp), options);
        const ours = decodeHeader(rlp);
        expect(toHex(theirs.hash())).to.equal(hash);
        expect(ours.number).to.equal(theirs.number);
        expect(ours.stateRoot).to.equal(toHex(theirs.stateRoot));
        expect(ours.difficulty).to.equal(theirs.difficulty);
        expect(ours.extraData).to.equal(toHex(theirs.extraData));
      }
      expect(mainnet.length).to.be.greaterThan(0);
    });
  });

  describe("a client's own blocks", function () {
    for (const hardfork of ["london", "shanghai", "cancun", "prague", "osaka", "amsterdam"]) {
      it(`H3: re-hashes blocks of ${hardfork} as they come from JSON-RPC`, async function () {
        const { provider } = await network.create({ network: "default", override: { hardfork } });
        await provider.request({ method: "evm_mine" });
        for (const number of ["0x0", "0x1"]) {
          const block = await provider.request({ method: "eth_getBlockByNumber", params: [number, false] });
          const header = headerFromRpc(block);
          const expected = { london: 16, shanghai: 17, cancun: 20, prague: 21, osaka: 21, amsterdam: 23 }[hardfork];
          expect(header.fields.length).to.equal(expected);
          expect(readHeader(header.rlp, header.hash)).to.deep.equal(header);
        }
      });
    }

    it("O11: refuses an ethers Block, which leaves fields out", async function () {
      const { ethers } = await network.create();
      const block = await ethers.provider.getBlock("latest");
      thrown("INVALID_HEADER", () => headerFromRpc(block));
    });
  });

  describe("decoding", function () {
    for (const count of [15, 16, 17, 20, 21, 23, 24, 32]) {
      it(`H3: reads ${count} fields`, function () {
        const extra = Array.from({ length: Math.max(0, count - 23) }, (_, i) => new Uint8Array(i));
        const header = decodeHeader(rlpOf([...sampleFields(count), ...extra]));
        expect(header.fields).to.deep.equal([...sampleFields(count), ...extra].map(toHex));
        expect(header.slotNumber).to.equal(count < 23 ? undefined : 0x22222222n);
      });
    }

    const malformed: [title: string, rlp: Hex, field: number][] = [
      ["14 fields", sampleHeader(14), 14],
      ["18 fields", sampleHeader(18), 18],
      ["19 fields", sampleHeader(19), 19],
      ["33 fields", toHex(encodeRlp([...sampleFields(23), ...new Array<Uint8Array>(10).fill(new Uint8Array())])), 32],
      ["H5: a state root of 31 bytes", sampleHeader(21, { 3: new Uint8Array(31) }), 3],
      ["H5: a beneficiary of 22 bytes", sampleHeader(21, { 2: new Uint8Array(22) }), 2],
      ["R9: a number with a leading zero", sampleHeader(21, { 8: Uint8Array.of(0, 1) }), 8],
      ["R12: a zero that is not empty", sampleHeader(21, { 8: Uint8Array.of(0) }), 8],
      ["H6: a number of 9 bytes", sampleHeader(21, { 8: new Uint8Array(9).fill(1) }), 8],
      ["H6: a timestamp of 9 bytes", sampleHeader(21, { 11: new Uint8Array(9).fill(1) }), 11],
      ["R10: a difficulty of 33 bytes", sampleHeader(21, { 7: new Uint8Array(33).fill(1) }), 7],
      ["a seal of AuRa's step and a nonce", sampleHeader(15, { 12: new Uint8Array(64), 13: Uint8Array.of(9) }), 14],
      ["a seal of a mix hash and AuRa's signature", sampleHeader(15, { 14: new Uint8Array(65) }), 14],
      // Avalanche: the hash of its extra data at 15, the base fee at 16
      ["H11: a coreth header", sampleHeader(17, { 15: new Uint8Array(32).fill(7), 16: Uint8Array.of(9, 9) }), 16],
      ["H7: extra data beyond the size of a header", sampleHeader(15, { 12: new Uint8Array(MAX_HEADER_SIZE) }), 255],
      ["H7: too few bytes", toHex(bytes(sampleHeader(15)).subarray(0, MIN_HEADER_SIZE - 1)), 255],
      ["R4: a byte after the list", `${sampleHeader(15)}00`, 255],
    ];
    for (const [title, rlp, field] of malformed) {
      it(`${title} is refused at position ${field}`, function () {
        expect(thrown("HEADER_MALFORMED", () => decodeHeader(rlp)).details.field).to.equal(field);
      });
    }

    it("H5: a list in the place of a field is refused, and so is a list of later forks", function () {
      for (const field of [0, 3, 8, 12, 14, 20]) {
        const items: (Uint8Array | Uint8Array[])[] = sampleFields(21);
        items[field] = [new Uint8Array(31)];
        expect(thrown("HEADER_MALFORMED", () => decodeHeader(rlpOf(items))).details.field).to.equal(field);
      }
      const later = rlpOf([...sampleFields(23), []]);
      expect(thrown("HEADER_MALFORMED", () => decodeHeader(later)).details.field).to.equal(23);
    });

    it("H1, H8: looks at no field of bytes whose hash is another", function () {
      const rlp = sampleHeader(21);
      const hash: Hex = `0x${"77".repeat(32)}`;
      const { details } = thrown("HEADER_HASH_MISMATCH", () => readHeader("0x010203", hash));
      expect(details).to.deep.equal({ number: undefined, claimed: hash, actual: hashHeader("0x010203") });
      expect(readHeader(rlp, hashHeader(rlp)).number).to.equal(0x1400000n);
    });

    it("what is not bytes is refused by name", function () {
      for (const rlp of ["f9", "0xf", "0xfg", new Uint8Array(3), undefined, null, 5, [], {}] as unknown as Hex[]) {
        const hash: Hex = `0x${"77".repeat(32)}`;
        for (const read of [() => decodeHeader(rlp), () => readHeader(rlp, hash), () => hashHeader(rlp)])
          expect(thrown("INVALID_HEADER", read).details.field).to.equal("rlp");
      }
    });

    it("a hash that is none is refused by name, and no header is read under it", function () {
      for (const hash of ["0x12", `0x${"g0".repeat(32)}`, undefined, 5]) {
        const { details } = thrown("INVALID_HEADER", () => readHeader(sampleHeader(21), hash as Hex));
        expect(details.field).to.equal("hash");
      }
    });

    it("the smallest header is as small as the bound says", function () {
      const empty = new Uint8Array();
      const fields = sampleFields(15).map((field, i) => (i >= 7 && i <= 12 ? empty : field));
      expect(encodeRlp(fields).length).to.equal(MIN_HEADER_SIZE);
      expect(decodeHeader(rlpOf(fields)).number).to.equal(0n);
    });
  });

  describe("JSON", function () {
    const strict: [title: string, field: string, value: unknown][] = [
      ["O13: a JSON number", "number", 17],
      ["O13: an upper-case 0X", "number", "0X11"],
      ["O13: a quantity without 0x", "gasUsed", "11"],
      ["O13: a quantity with a leading zero", "timestamp", "0x011"],
      ["O13: an empty quantity", "gasLimit", "0x"],
      ["O13: a quantity with a letter that is no digit", "number", "0x1g"],
      ["O13: a quantity that begins with one", "gasUsed", "0xg1"],
      ["O13: a quantity with a blank", "timestamp", "0x1 "],
      ["O13: a quantity with a character whose low bits are a digit's", "gasLimit", "0x1\u0131"],
      ["O13: a quantity with a fullwidth digit", "baseFeePerGas", "0x\uff11"],
      ["O13: bytes of odd length", "extraData", "0x123"],
      ["O13: bytes that are none", "extraData", "0xzz"],
      ["O13: a hash that is none", "stateRoot", `0x${"g0".repeat(32)}`],
      ["O13: a hash of 31 bytes", "stateRoot", `0x${"11".repeat(31)}`],
      ["O13: a megabyte of quantity", "number", `0x${"1".repeat(2 ** 20)}`],
      ["O13: a megabyte of bytes", "extraData", `0x${"11".repeat(2 ** 20)}`],
      ["O13: a megabyte of hash", "parentHash", `0x${"11".repeat(2 ** 20)}`],
      ["H6: a number of 65 bits", "number", "0x10000000000000000"],
      ["a base fee of 257 bits", "baseFeePerGas", `0x1${"0".repeat(64)}`],
      ["an object", "stateRoot", { toString: () => `0x${"11".repeat(32)}` }],
      ["a missing field", "receiptsRoot", undefined],
      ["O7: a null where every fork has a value", "stateRoot", null],
      ["a hash that is no hash", "hash", "0x11"],
      ["O13: a claimed hash with a character that is no digit", "hash", `0x${"g0".repeat(32)}`],
      ["the hash of a pending block", "hash", null],
    ];
    for (const [title, field, value] of strict) {
      it(`${title} is refused, by name`, function () {
        const block = { ...rpcBlock(21), [field]: value };
        expect(thrown("INVALID_HEADER", () => headerFromRpc(block)).details.field).to.equal(field);
      });
    }

    for (const block of [null, undefined, 5, "0x", [], true]) {
      it(`${JSON.stringify(block) ?? "undefined"} is no block`, function () {
        expect(thrown("INVALID_HEADER", () => headerFromRpc(block)).details.field).to.equal("block");
      });
    }

    it("O7: null is absent, a field of no fork is not missed", function () {
      const block = { ...rpcBlock(17), blobGasUsed: null, requestsHash: null, slotNumber: null };
      expect(headerFromRpc(block).fields.length).to.equal(17);
    });

    it("H4: a gap between the fields of the forks is refused, by the name of what is missing", function () {
      for (const [count, absent] of [
        [20, "excessBlobGas"],
        [20, "withdrawalsRoot"],
        [21, "parentBeaconBlockRoot"],
        [20, "parentBeaconBlockRoot"],
        [23, "slotNumber"],
        [16, undefined],
      ] as const) {
        const block = rpcBlock(count);
        if (absent === undefined) {
          expect(headerFromRpc(block).fields.length).to.equal(count);
          continue;
        }
        delete block[absent];
        expect(thrown("INVALID_HEADER", () => headerFromRpc(block)).details.field).to.equal(absent);
      }
    });

    it("H4: a field of an unknown fork is named when the hash does not match", function () {
      const fields = [...sampleFields(23), new Uint8Array(32).fill(0x55)];
      const block = { ...rpcBlock(23), hash: hashHeader(rlpOf(fields)), verkleRoot: `0x${"55".repeat(32)}` };
      const { details, message } = thrown("HEADER_HASH_MISMATCH", () => headerFromRpc(block));
      expect(details.unknownFields).to.deep.equal(["verkleRoot"]);
      expect(message).to.contain("verkleRoot");
    });

    const laterMembers: [title: string, value: unknown][] = [
      ...[0, 1, 8, 20, 32, 33, 48, 56, 96, 256, 3_000].map((size): [string, unknown] => [
        `${size} bytes`,
        `0x${"ab".repeat(size)}`,
      ]),
      ["bytes in upper case", `0x${"AB".repeat(48)}`],
      ["a quantity of an odd number of digits", "0x1ab"],
      ["a decimal number", "1700000000123"],
      ["a JSON number", 5],
      ["a bigint", 5n],
      ["a list", [`0x${"ab".repeat(32)}`]],
      ["an empty list", []],
      ["an object", { committed: `0x${"ab".repeat(32)}` }],
    ];
    for (const [title, value] of laterMembers) {
      it(`H4: ${title} under a name of no fork is named when the hash does not match`, function () {
        const later = { parentProposerPubkey: `0x${"ab".repeat(48)}` as const };
        const block = { ...rpcBlock(21, later), parentProposerPubkey: value };
        const { details, message } = thrown("HEADER_HASH_MISMATCH", () => headerFromRpc(block));
        expect(details).to.deep.equal({
          number: 0x1400000n,
          claimed: hashHeader(rlpOf([...sampleFields(21), bytes(later.parentProposerPubkey)])),
          actual: hashHeader(sampleHeader(21)),
          unknownFields: ["parentProposerPubkey"],
        });
        expect(message).to.contain("parentProposerPubkey");
      });
    }

    it("H4: names no member that cannot be a header field, nor one that is known to stand beside the header", function () {
      const beside = {
        ...{
          comment: "0x is hexadecimal",
          finalized: true,
          later: null,
          endless: `0x${"ab".repeat(MAX_HEADER_SIZE + 1)}`,
        },
        ...{
          totalDifficulty: "0x1",
          withdrawals: [],
          sendRoot: `0x${"ab".repeat(32)}`,
          author: `0x${"ab".repeat(20)}`,
        },
      };
      const block = { ...rpcBlock(21), ...beside, hash: `0x${"ab".repeat(32)}` };
      expect(thrown("HEADER_HASH_MISMATCH", () => headerFromRpc(block)).details).to.not.have.property("unknownFields");
      expect(headerFromRpc({ ...rpcBlock(21), ...beside, extension: 5 }).number, "the hash matches").to.equal(
        0x1400000n,
      );
    });

    it("H4: a block of another order of fields names what no fork here has, and why it could not be encoded", function () {
      // Avalanche: no withdrawals, and fields of its own between the forks'.
      const block: Record<string, unknown> = {
        ...rpcBlock(20),
        extDataHash: `0x${"ab".repeat(32)}`,
        blockGasCost: "0x0",
      };
      delete block["withdrawalsRoot"];
      const error = thrown("HEADER_HASH_MISMATCH", () => headerFromRpc(block));
      expect(error.details.unknownFields).to.deep.equal(["extDataHash", "blockGasCost"]);
      expect(error.cause).to.include({ code: "INVALID_HEADER" });
    });

    for (const count of [18, 19, 22]) {
      it(`H3: ${count} fields are encoded by nobody who does not know the hash`, function () {
        const { details } = thrown("INVALID_HEADER", () => encodeHeader(rpcBlock(count)));
        expect(details.field).to.equal({ 18: "excessBlobGas", 19: "parentBeaconBlockRoot", 22: "slotNumber" }[count]);
      });
    }

    it("H13: a block whose JSON differs from its header (another unit, a field that is not in it) is refused", function () {
      const milliseconds = { ...rpcBlock(15), timestamp: "0x19b2d9f5a00" };
      thrown("HEADER_HASH_MISMATCH", () => headerFromRpc(milliseconds));
      thrown("HEADER_HASH_MISMATCH", () => headerFromRpc({ ...rpcBlock(15), baseFeePerGas: "0x7" }));
    });

    it("H14: a block whose hash is not that of a header is refused", function () {
      const block = { ...rpcBlock(21), hash: toHex(bytes(`0x${"ab".repeat(32)}`)) };
      const { details } = thrown("HEADER_HASH_MISMATCH", () => headerFromRpc(block));
      expect(details).to.deep.equal({
        number: 0x1400000n,
        claimed: `0x${"ab".repeat(32)}`,
        actual: hashHeader(sampleHeader(21)),
      });
    });

    it("O7: is encoded as an independent encoder does, for every length of its integers and of its extra data", function () {
      const sizes = [0, 1, 2, 55, 56, 255, 256, 1_200, 2_048, 64_000];
      const integers = [0n, 1n, 0x7fn, 0x80n, 0xfffn, 0xffffn, 2n ** 48n - 1n, 2n ** 56n - 1n, 2n ** 64n - 1n];
      let compared = 0;
      for (const size of sizes) {
        for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
          for (const integer of integers) {
            const block = { ...rpcBlock(21), number: `0x${integer.toString(16)}` } as Record<string, Hex>;
            block["extraData"] = `0x${byte.toString(16).padStart(2, "0").repeat(size)}`;
            const fields = Object.keys(rpcBlock(21))
              .filter((name) => !["hash", "size", "transactions", "uncles"].includes(name))
              .map((name) => block[name]!)
              .map((value) => (value === "0x0" ? "0x" : value.length % 2 === 0 ? value : `0x0${value.slice(2)}`));
            const encoded = encodeHeader(block);
            expect(encoded === ethersRlp(fields)).to.equal(true);
            expect(decodeHeader(encoded).number).to.equal(integer);
            compared++;
          }
        }
      }
      expect(compared).to.equal(sizes.length * 4 * integers.length);
    });

    it("O13: of several defects, the one in the first field is named", function () {
      const block = rpcBlock(21);
      const digits = String(block["stateRoot"]).slice(3);
      const broken = {
        ...block,
        stateRoot: `0xg${digits}`,
        logsBloom: "0x",
        number: "0x01",
        nonce: 5,
        requestsHash: "",
      };
      for (const field of ["stateRoot", "logsBloom", "number", "nonce", "requestsHash"]) {
        expect(thrown("INVALID_HEADER", () => encodeHeader(broken)).details.field).to.equal(field);
        Object.assign(broken, { [field]: block[field] });
      }
      expect(encodeHeader(broken)).to.equal(sampleHeader(21));
    });

    it("is encoded rightly where reading one of its fields encodes another header", function () {
      const block = rpcBlock(21);
      const { nonce, extraData } = block;
      const other = { ...rpcBlock(23), extraData: `0x${"ee".repeat(900)}` };
      const lazy = Object.defineProperties(block, {
        extraData: { get: () => (encodeHeader(other), extraData) },
        nonce: { get: () => (encodeHeader(other), nonce) },
      });
      expect(encodeHeader(lazy)).to.equal(sampleHeader(21));
      expect(headerFromRpc(lazy).rlp).to.equal(sampleHeader(21));
    });

    it("H7: a block whose extra data makes its header too long is refused, and encoded all the same", function () {
      const block = { ...rpcBlock(21), extraData: `0x${"11".repeat(MAX_HEADER_SIZE - 300)}` };
      const fields = sampleFields(21).map((field, i) => (i === 12 ? bytes(block.extraData) : field));
      expect(encodeHeader(block) === toHex(encodeRlp(fields))).to.equal(true);
      const { details } = thrown("INVALID_HEADER", () => headerFromRpc(block));
      expect(details.field).to.equal("extraData");
      expect(details.reason).to.equal(`makes a header of ${encodeRlp(fields).length} bytes`);
    });

    it("O15: a __proto__ in the JSON supplies no field", function () {
      const block = rpcBlock(21);
      const root = block["stateRoot"];
      delete block["stateRoot"];
      const hostile: unknown = JSON.parse(
        `${JSON.stringify(block).slice(0, -1)},"__proto__":{"stateRoot":"${String(root)}"}}`,
      );
      expect(thrown("INVALID_HEADER", () => headerFromRpc(hostile)).details.field).to.equal("stateRoot");
    });
  });
});

/** Takes a block apart as strictly as its header. */
function readBlock(block: Uint8Array): void {
  const items = decodeRlp(block);
  expect(items).to.be.an("array");
  decodeHeader(rlpOf((items as RlpItem[])[0]!));
}
