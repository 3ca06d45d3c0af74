import { expect } from "chai";
import { getAddress, Result, TypedDataEncoder, verifyTypedData, Wallet } from "ethers";
import { network } from "hardhat";
import { hashTypedData } from "viem";

import type { Anchor, StateAnchor } from "../../src/anchor/anchor.js";
import {
  anchorDigest,
  hashAnchor,
  hashStateAnchor,
  typedDataJson,
  withAnchor,
  type TypedDataField,
  type TypedDataTypes,
} from "../../src/anchor/typedData.js";
import { thrown } from "../../tools/errors.js";
import { announced, type Random } from "../../tools/random.js";

const anchor: Anchor = { number: 32n, hash: `0x${"11".repeat(32)}` };
const domain = { name: "X", version: "1", chainId: 1, verifyingContract: `0x${"cc".repeat(20)}` } as const;
const member = (name: string, type: string): TypedDataField => ({ name, type });

const types = {
  Order: [member("size", "uint256"), member("isLong", "bool"), member("legs", "Leg[2]"), member("note", "string")],
  Leg: [member("market", "bytes32"), member("size", "int128")],
};
const market = `0x${"ab".repeat(32)}`;
const order = {
  size: 5n,
  isLong: true,
  legs: [
    { market, size: 1n },
    { market, size: -2n },
  ],
  note: "✓",
};
const signed = { ...order, anchor };

/** The three digests of typed data: ethers', viem's, and that of the JSON, read back by both. */
function digests(of: { types: Record<string, TypedDataField[]>; primaryType: string; message: object }): Set<string> {
  const message = of.message as Record<string, unknown>;
  const { EIP712Domain, ...parsed } = JSON.parse(typedDataJson({ domain, ...of })).types;
  const json = JSON.parse(typedDataJson({ domain, ...of }));
  expect(EIP712Domain).to.have.length(4);
  return new Set([
    TypedDataEncoder.hash(domain, of.types, message),
    hashTypedData({ domain, types: of.types, primaryType: of.primaryType, message }),
    TypedDataEncoder.hash(json.domain, parsed, json.message),
    hashTypedData(json),
  ]);
}

/** The reason and the path of the refusal of an order that differs in some members. */
function refusal(change: object, of: TypedDataTypes = types): { reason: string; path?: string } {
  return thrown("INVALID_TYPED_DATA", () => withAnchor({ types: of, message: { ...order, ...change }, anchor }))
    .details;
}

class Ticket {
  size = 5n;
  note = "✓";
  legs = order.legs;
  constructor(private readonly side: string) {}
  get isLong(): boolean {
    return this.side === "long";
  }
}

describe("withAnchor reads the order that it was given", function () {
  const shapes: Record<string, object> = {
    "a class instance with a getter": new Ticket("long"),
    "an object whose members are inherited": Object.create(order) as object,
    "a frozen object": Object.freeze({ ...order }),
    "an object without a prototype": Object.assign(Object.create(null) as object, order),
    "a proxy": new Proxy({}, { get: (_, name) => order[name as keyof typeof order] }),
    "members that are not enumerable": Object.defineProperties(
      {},
      Object.fromEntries(Object.entries(order).map(([name, value]) => [name, { value }])),
    ),
    "an ethers Result": Result.fromItems(
      [
        5n,
        true,
        Result.fromItems(order.legs.map((leg) => Result.fromItems(Object.values(leg), ["market", "size"]))),
        "✓",
      ],
      ["size", "isLong", "legs", "note"],
    ),
    "an array with names, as ethers v5 and web3 return": Object.assign(Object.values(order), order),
    "legs that are class instances": {
      ...order,
      legs: order.legs.map((leg) =>
        Object.create({}, { market: { get: () => leg.market }, size: { get: () => leg.size } }),
      ),
    },
  };
  for (const [shape, object] of Object.entries(shapes)) {
    it(shape, function () {
      const result = withAnchor({ types, message: object, anchor });
      expect(result.message).to.deep.equal(signed);
      expect(Object.getPrototypeOf(result.message)).to.equal(Object.prototype);
      expect(Object.keys(result.message)).to.deep.equal(["size", "isLong", "legs", "note", "anchor"]);
      expect(digests(result)).to.deep.equal(new Set([TypedDataEncoder.hash(domain, result.types, signed)]));
    });
  }

  it("with-anchor-getters: signs the side that the object shows, which verifies for no other", async function () {
    const wallet = Wallet.createRandom();
    for (const side of ["long", "short"]) {
      const { types: all, message } = withAnchor({ types, message: new Ticket(side), anchor });
      const signature = await wallet.signTypedData(domain, all, message);
      const recover = (isLong: boolean): string => verifyTypedData(domain, all, { ...signed, isLong }, signature);
      expect(recover(side === "long")).to.equal(wallet.address);
      expect(recover(side !== "long")).not.to.equal(wallet.address);
    }
  });

  it("reads each member once, and keeps what an array's own members would hide", function () {
    let reads = 0;
    const changing = { ...order, get size() { return BigInt(++reads); } }; // prettier-ignore
    reads = 0;
    expect(withAnchor({ types, message: changing, anchor }).message["size"]).to.equal(1n);
    expect(reads).to.equal(1);
    const named = { Order: [member("length", "uint256"), member("filter", "bool")] };
    const result = Result.fromItems([7n, true], ["length", "filter"]);
    expect(withAnchor({ types: named, message: result, anchor }).message).to.deep.equal({
      length: 7n,
      filter: true,
      anchor,
    });
    expect(refusal({ legs: [[1n], order.legs[1]] }).path).to.equal("Order.legs[0].market");
  });

  it("leaves out what no type names, and shows what is signed", function () {
    const extra = { ...order, id: 9, legs: order.legs.map((leg) => ({ ...leg, note: "x" })) };
    expect(withAnchor({ types, message: extra, anchor }).message).to.deep.equal(signed);
  });

  it("keeps the state root of an anchor that is an ethers Result, or hides it in a getter", function () {
    const stateRoot = `0x${"22".repeat(32)}` as const;
    const state: StateAnchor = { ...anchor, stateRoot };
    const result = Result.fromItems([32n, anchor.hash, stateRoot], ["number", "hash", "stateRoot"]);
    const getters = Object.create(state) as StateAnchor;
    for (const one of [state, getters, result as unknown as StateAnchor]) {
      expect(withAnchor({ types, message: order, anchor: one }).message["anchor"]).to.deep.equal(state);
      expect(anchorDigest(domain, one)).to.equal(anchorDigest(domain, state));
    }
    thrown("INVALID_HEX", () =>
      withAnchor({ types, message: order, anchor: { ...anchor, stateRoot: undefined } as never }),
    );
    for (const run of [
      (one: Anchor) => withAnchor({ types, message: order, anchor: one }),
      hashAnchor,
      hashStateAnchor,
      anchorDigest.bind(null, domain),
    ])
      for (const nothing of [undefined, null, 5, []]) thrown("INVALID_ANCHOR", () => run(nothing as never));
    // The same anchor, in the message already, in other words.
    const again = {
      ...order,
      anchor: Object.create({ ...anchor, hash: anchor.hash.toUpperCase().replace("0X", "0x") }),
    };
    expect(withAnchor({ types, message: again, anchor }).message).to.deep.equal(signed);
  });

  it("reads no member out of a map, a set or bytes, whose own members are no order's", function () {
    for (const holder of [new Map([["size", 3n]]), new Set([1, 2]), new Uint8Array(3)])
      for (const name of ["size", "length"]) {
        const sign = () => withAnchor({ types: { Order: [member(name, "uint8")] }, message: holder, anchor });
        expect(thrown("INVALID_TYPED_DATA", sign).details.path).to.equal(`Order.${name}`);
      }
  });

  it("refuses an array whose length is none", function () {
    for (const length of [2 ** 40, NaN, 2.5, -1]) {
      const items = new Proxy([1n], { get: (target, key) => (key === "length" ? length : Reflect.get(target, key)) });
      const sign = () =>
        withAnchor({ types: { Order: [member("sizes", "uint8[]")] }, message: { sizes: items }, anchor });
      expect(thrown("INVALID_TYPED_DATA", sign).details.path, String(length)).to.equal("Order.sizes");
    }
  });

  it("names the member that is missing or does not fit its type", function () {
    const leg = { market, size: 1n };
    const rows: [object, string][] = [
      [{ size: undefined }, "Order.size"],
      [{ size: null }, "Order.size"],
      [{ size: 1.5 }, "Order.size"],
      [{ size: NaN }, "Order.size"],
      [{ size: 2 ** 53 }, "Order.size"],
      [{ size: -1n }, "Order.size"],
      [{ size: 2n ** 256n }, "Order.size"],
      [{ size: "" }, "Order.size"],
      [{ size: "1e3" }, "Order.size"],
      [{ size: true }, "Order.size"],
      [{ size: Object(5n) }, "Order.size"],
      [{ isLong: "false" }, "Order.isLong"],
      [{ isLong: 0 }, "Order.isLong"],
      [{ note: 5 }, "Order.note"],
      [{ note: "\ud800" }, "Order.note"],
      [{ legs: [leg] }, "Order.legs"],
      [{ legs: { 0: leg, 1: leg, length: 2 } }, "Order.legs"],
      [{ legs: [leg, undefined] }, "Order.legs[1]"],
      [{ legs: [leg, { market }] }, "Order.legs[1].size"],
      [{ legs: [leg, { market, size: 2n ** 127n }] }, "Order.legs[1].size"],
      [{ legs: [leg, { market: "0xab", size: 1n }] }, "Order.legs[1].market"],
      [{ legs: [{ market: new Uint8Array(31), size: 1n }, leg] }, "Order.legs[0].market"],
      [{ legs: [leg, new Map(Object.entries(leg))] }, "Order.legs[1].market"],
      [{ legs: [leg, "leg"] }, "Order.legs[1]"],
    ];
    for (const [change, path] of rows) {
      const details = refusal(change);
      expect(details.path, path).to.equal(path);
      expect(details.reason).to.contain(`${path} `);
    }
    const boom = { ...order, get size(): bigint { throw new TypeError("boom"); } }; // prettier-ignore
    const error = thrown("INVALID_TYPED_DATA", () =>
      withAnchor({ types, message: Object.create(boom) as object, anchor }),
    );
    expect(error.details.path).to.equal("Order.size");
    expect(error.cause).to.be.instanceOf(TypeError);
    const { proxy, revoke } = Proxy.revocable(order, {});
    revoke();
    for (const nothing of [proxy, null, undefined, 5, "order", [], Promise.resolve(order)])
      thrown("INVALID_TYPED_DATA", () => withAnchor({ types, message: nothing as object, anchor }));
  });

  it("takes an address with its checksum or without one, and no other", function () {
    const owned = { Order: [member("owner", "address")] };
    const address = getAddress(`0x${"abcdef0123".repeat(4)}`);
    for (const owner of [address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`])
      expect(digests(withAnchor({ types: owned, message: { owner }, anchor })), owner).to.have.length(1);
    const swapped = address.replace(/[a-f]/i, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
    for (const owner of [swapped, address.slice(2), `${address}00`, "vitalik.eth", 5n, { address }])
      expect(refusal({ owner }, owned).path).to.equal("Order.owner");
  });

  it("takes bytes as hexadecimal and as bytes", function () {
    const of = { Order: [member("four", "bytes4"), member("any", "bytes")] };
    const result = withAnchor({
      types: of,
      message: { four: Buffer.from("01020304", "hex"), any: new Uint8Array() },
      anchor,
    });
    expect(result.message).to.deep.equal({ four: "0x01020304", any: "0x", anchor });
    for (const four of ["0x010203", "01020304", "0x0102030", [1, 2, 3, 4], new Uint32Array(1)])
      expect(refusal({ four, any: "0x" }, of).path).to.equal("Order.four");
  });
});

describe("withAnchor returns types that ethers and viem both sign", function () {
  it("typed-data-unused-struct: leaves out structs that nothing refers to", function () {
    const mail = {
      Group: [member("name", "string"), member("members", "Person[]")],
      Mail: [member("from", "Person"), member("to", "Person[]"), member("contents", "string")],
      Person: [member("name", "string"), member("wallets", "address[]")],
    };
    const bob = { name: "Bob", wallets: [`0x${"b0".repeat(20)}`] };
    const result = withAnchor({
      types: mail,
      message: { from: bob, to: [bob], contents: "hi" },
      anchor,
      primaryType: "Mail",
    });
    expect(Object.keys(result.types)).to.deep.equal(["Mail", "Person", "Anchor"]);
    expect(digests(result)).to.have.length(1);
    expect(
      thrown("INVALID_TYPED_DATA", () => withAnchor({ types: mail, message: {}, anchor })).details.reason,
    ).to.contain("Group, Mail");
  });

  it("writes uint and int as EIP-712 does, and in arrays", function () {
    const short = { Order: [member("a", "uint"), member("b", "int[2][]")] };
    const result = withAnchor({ types: short, message: { a: 1, b: [[-1, 2]] }, anchor });
    expect(result.types["Order"]!.map(({ type }) => type)).to.deep.equal(["uint256", "int256[2][]", "Anchor"]);
    expect(digests(result)).to.have.length(1);
  });

  it("refuses types that cannot be signed, and says which", function () {
    const odd = (type: string): string => refusal({ odd: 1n }, { Order: [member("odd", type)] }).reason;
    for (const type of [
      "Foo",
      "uint257",
      "uint7",
      "uint08",
      "int0",
      "bytes0",
      "bytes33",
      "function",
      "byte",
      "fixed",
      "",
      " uint256",
      "uint256[0]",
      "uint256[02]",
      "uint256[",
      "uint256[]x",
      "Order[",
      "__proto__",
      "constructor",
      "toString",
      "EIP712Domain",
    ])
      // prettier-ignore
      expect(odd(type), type).to.contain("Order.odd has the type");
    const reason = (of: object): string =>
      thrown("INVALID_TYPED_DATA", () =>
        withAnchor({ types: of as TypedDataTypes, message: order, anchor, primaryType: "Order" }),
      ).details.reason;
    expect(reason({ Order: [member("a", "bool"), member("a", "bool")] })).to.contain("Order.a is there twice");
    expect(reason({ Order: [member("next", "Order[]")] })).to.contain("Order contains Order");
    expect(reason({ Order: [member("a", "A")], A: [member("b", "B")], B: [member("a", "A[]")] })).to.contain(
      "Order contains A contains B contains A",
    );
    for (const name of ["__proto__", "", "a b", "a,uint256 b", "a)", "1a"])
      expect(reason({ Order: [{ name, type: "bool" }] }), name).to.contain("no identifier");
    for (const name of ["uint7", "int", "bytes33x)", "address", "A$", "A B"])
      expect(reason({ Order: [member("a", name)], [name]: [] }), name).to.match(/cannot be the name|has the type/);
    for (const fields of [undefined, null, "uint256", {}, [null], [{ name: "a" }], [{ type: "bool" }], [[]]])
      reason({ Order: fields });
    for (const of of [undefined, null, 5, "Order"]) thrown("INVALID_TYPED_DATA", () => withAnchor({ types: of as never, message: order, anchor })); // prettier-ignore
    const self = {
      Order: types.Order,
      Leg: types.Leg,
      Anchor: [member("number", "uint64"), member("hash", "bytes32")],
    };
    expect(withAnchor({ types: self, message: order, anchor }).message).to.deep.equal(signed);
    for (const field of ["", "a b", "__proto__", 5, null])
      thrown("INVALID_TYPED_DATA", () => withAnchor({ types, message: order, anchor, field: field as string }));
  });

  it("signs members named like an object's own", function () {
    const of = { constructor: [member("toString", "uint8"), member("valueOf", "hasOwnProperty")], hasOwnProperty: [member("constructor", "bool")] }; // prettier-ignore
    const message = { toString: 7, valueOf: { constructor: true } };
    const result = withAnchor({ types: of as TypedDataTypes, message, anchor, primaryType: "constructor" });
    expect(TypedDataEncoder.from(result.types).hash(result.message)).to.match(/^0x/);
    const missing = thrown("INVALID_TYPED_DATA", () =>
      withAnchor({ types: of as TypedDataTypes, message: { valueOf: {} }, anchor, primaryType: "constructor" }),
    );
    expect(missing.details.path).to.equal("constructor.toString");
  });

  it("gives, for random types and orders of every kind of object, one digest in ethers, viem and JSON", async function () {
    const source = announced();
    const node = (await network.create()).provider;
    const [account] = (await node.request({ method: "eth_accounts" })) as [string];
    const wallet = Wallet.createRandom();
    for (let i = 0; i < 60; i++) {
      const structs = randomTypes(source);
      const message = randomStruct(source, structs, "S0") as object;
      const result = withAnchor({ types: structs, message, anchor, primaryType: "S0" });
      const all = digests(result);
      expect(all, JSON.stringify(structs)).to.have.length(1);
      const signature = await wallet.signTypedData(domain, result.types, result.message);
      expect(verifyTypedData(domain, result.types, result.message, signature)).to.equal(wallet.address);
      if (i % 6 !== 0) continue;
      const json = typedDataJson({ domain, ...result });
      const byNode = await node.request({ method: "eth_signTypedData_v4", params: [account, JSON.parse(json)] });
      const signer = verifyTypedData(domain, result.types, result.message, byNode as string);
      expect(signer.toLowerCase(), json).to.equal(account.toLowerCase());
    }
  });
});

describe("typedDataJson", function () {
  const parsed = (definition: object): Record<string, Record<string, unknown>> =>
    JSON.parse(typedDataJson(definition as never)) as never;

  it("has the domain's members in the order of EIP-712, bigints in decimal and bytes in hexadecimal", function () {
    const bound = withAnchor({ types: { Order: [member("size", "uint256"), member("data", "bytes")] }, message: { size: 2n ** 200n, data: Uint8Array.of(1) }, anchor }); // prettier-ignore
    const salt = `0x${"05".repeat(32)}`;
    const json = parsed({ ...bound, domain: { salt, chainId: 10n, name: "X", version: null } });
    expect(json["types"]!["EIP712Domain"]).to.deep.equal([
      member("name", "string"),
      member("chainId", "uint256"),
      member("salt", "bytes32"),
    ]);
    expect(json["domain"]).to.deep.equal({ name: "X", chainId: "10", salt });
    expect(json["message"]).to.deep.equal({
      size: (2n ** 200n).toString(),
      data: "0x01",
      anchor: { number: "32", hash: anchor.hash },
    });
    expect(json["primaryType"]).to.equal("Order");
    expect(parsed({ ...bound }).domain).to.deep.equal({});
  });

  it("refuses a domain or a message that would be another than was meant", function () {
    const bound = withAnchor({ types, message: order, anchor });
    const path = (change: object): string | undefined =>
      thrown("INVALID_TYPED_DATA", () => typedDataJson({ ...bound, domain, ...change })).details.path;
    expect(path({ domain: { ...domain, chainid: 1 } })).to.equal("domain.chainid");
    expect(path({ domain: { name: 5 } })).to.equal("domain.name");
    expect(path({ domain: { verifyingContract: "0x22" } })).to.equal("domain.verifyingContract");
    expect(path({ message: { ...signed, size: undefined } })).to.equal("Order.size");
    path({ domain: null });
    path({ types: { ...bound.types, EIP712Domain: [member("name", "string")] } });
    for (const odd of [{ chainid: 1 }, { name: 5 }, { name: "\ud800" }, { chainId: true }, null])
      thrown("INVALID_TYPED_DATA", () => anchorDigest(odd as never, anchor));
    for (const nothing of [undefined, null, 5]) thrown("INVALID_TYPED_DATA", () => typedDataJson(nothing as never));
    const EIP712Domain = parsed({ ...bound, domain })["types"]!["EIP712Domain"];
    expect(parsed({ ...bound, types: { ...bound.types, EIP712Domain }, domain }).domain).to.deep.equal(domain);
  });
});

const ATOMS = ["bool", "string", "address", "bytes", "bytes1", "bytes32", "uint8", "uint256", "int8", "int256", "uint64"]; // prettier-ignore

/** Up to four structs, each made of atoms, later structs, and arrays of both. */
function randomTypes(source: Random): Record<string, TypedDataField[]> {
  const names = Array.from({ length: 1 + source.below(4) }, (_, i) => `S${i}`);
  const arrays = ["", "", "[]", "[2]", "[][2]", "[1][]"];
  const fields = (i: number): TypedDataField[] =>
    Array.from({ length: source.below(5) }, (_, m) => {
      const base = source.pick([...ATOMS, ...names.slice(i + 1), ...names.slice(i + 1)]);
      return member(`m${m}`, base + source.pick(arrays));
    });
  return Object.fromEntries(names.map((name, i) => [name, fields(i)]));
}

function randomStruct(source: Random, structs: Record<string, TypedDataField[]>, name: string): unknown {
  const names = structs[name]!.map((field) => field.name);
  const values = structs[name]!.map(({ type }) => randomValue(source, structs, type));
  const plain = Object.fromEntries(names.map((key, i) => [key, values[i]]));
  return source.pick([
    () => plain,
    () => Object.create(plain) as object,
    () => new Proxy(plain, {}),
    () => Result.fromItems(values, names),
    () =>
      Object.create({}, Object.fromEntries(names.map((key) => [key, { get: () => plain[key] as unknown }]))) as object,
  ])();
}

function randomValue(source: Random, structs: Record<string, TypedDataField[]>, type: string): unknown {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null) {
    const length = array[2] === "" ? source.below(4) : Number(array[2]);
    return Array.from({ length }, () => randomValue(source, structs, array[1]!));
  }
  if (type in structs) return randomStruct(source, structs, type);
  if (type === "bool") return source.below(2) === 1;
  if (type === "string") return source.pick(["", "Ünïcode ✓", "0x12", "\u0000", "😀"]);
  const hex = (length: number): string => `0x${Buffer.from(source.bytes(length)).toString("hex")}`;
  if (type === "address") return source.pick([hex(20), getAddress(hex(20))]);
  if (type.startsWith("bytes")) {
    const bytes = source.bytes(type === "bytes" ? source.below(40) : Number(type.slice(5)));
    return source.pick([bytes, `0x${Buffer.from(bytes).toString("hex")}`]);
  }
  const bits = Number(type.replace(/\D/g, ""));
  const any = BigInt(hex(bits / 8));
  const value = type.startsWith("u") ? any : BigInt.asIntN(bits, any);
  return source.pick([value, value.toString(), bits === 8 ? Number(value) : value]);
}
