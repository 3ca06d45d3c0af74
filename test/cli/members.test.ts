import { expect } from "chai";
import { encodeRlp, getBytes, keccak256, toBeHex } from "ethers";

import { toHex, toWord } from "../../src/core/bytes.js";
import { typescriptEngine } from "../../packages/cli/src/engine.js";
import { judge, type CaseReport } from "../../packages/cli/src/judge.js";
import { readCase } from "../../packages/cli/src/proofCase.js";
import { needVectors, readVector } from "../../tools/vectors.js";
import { buildTrie } from "../../tools/buildTrie.js";
import { unusable } from "./run.js";

type Json = Record<string, unknown>;

const EMPTY_CODE = keccak256("0x");
const OTHER = toWord(12345n);

/** A client's answer about an account of a made-up state; slot 5 holds 55, slot 6 nothing. `change` may change it. */
function clientAnswer(change: (answer: Json, slot: Json) => Json = (answer) => answer, balance = 1000n): Json {
  const address = "0x00000000000000000000000000000000000a1107";
  const keyOf = (hex: string): Uint8Array => getBytes(keccak256(hex));
  const storage = buildTrie([
    { key: keyOf(toWord(5n)), value: getBytes(encodeRlp("0x37")) },
    { key: keyOf(toWord(9n)), value: getBytes(encodeRlp("0x99")) },
  ]);
  const account = [toBeHex(7n), toBeHex(balance), toHex(storage.root), EMPTY_CODE];
  const state = buildTrie([
    { key: keyOf(address), value: getBytes(encodeRlp(account)) },
    { key: keyOf("0x01"), value: getBytes(encodeRlp(account)) },
  ]);
  const slot = (key: bigint, value: string): Json => ({
    key: toWord(key),
    value,
    proof: storage.proof(keyOf(toWord(key))).map(toHex),
  });
  const five = slot(5n, "0x37");
  return change(
    {
      stateRoot: toHex(state.root),
      address,
      accountProof: state.proof(keyOf(address)).map(toHex),
      balance: toBeHex(balance),
      nonce: "0x7",
      codeHash: EMPTY_CODE,
      storageHash: toHex(storage.root),
      storageProof: [five, slot(6n, "0x0")],
    },
    five,
  );
}

/** The same in the form that `prove` writes. */
function ownAnswer(change: (answer: Json, slot: Json) => Json = (answer) => answer): Json {
  const { balance, nonce, codeHash, storageHash, storageProof, ...rest } = clientAnswer();
  const storage = (storageProof as Json[]).map(({ key, ...slot }): Json => ({ slot: key, ...slot }));
  const account = { balance, nonce, codeHash, storageHash };
  return change({ ...rest, accountExists: true, account, storage }, storage[0] as Json);
}

/** A raw trie proof that shows 0x37. */
function keyCase(change: Json = {}): Json {
  const { storageHash, storageProof } = clientAnswer();
  const [slot] = storageProof as [{ key: string; proof: string[] }];
  return { id: "five", root: storageHash, trieKey: keccak256(slot.key), proof: slot.proof, ...change };
}

function report(value: Json): Promise<CaseReport> {
  return judge(readCase(value, 0), typescriptEngine);
}

describe("what a case says beside its proof", () => {
  it("A9: takes zero for the hash of nothing alone, and not for a balance of the same number", async () => {
    for (const hash of [EMPTY_CODE, keccak256("0x80")]) {
      const claim = clientAnswer((answer) => ({ ...answer, balance: "0x0" }), BigInt(hash));
      expect((await report(claim)).reason).to.match(/^ClaimMismatch: balance/);
    }
  });

  it("A9: judges a client's own answer whole, in its form and in that of prove, and in both at once", async () => {
    for (const value of [clientAnswer(), ownAnswer(), { ...clientAnswer(), ...ownAnswer() }]) {
      const { verdict, slots, reason } = await report(value);
      expect([verdict, reason]).to.deep.equal(["present", undefined]);
      expect(slots!.slice(0, 2).map((slot) => [slot.verdict, slot.value])).to.deep.equal([
        ["present", "0x37"],
        ["absent", undefined],
      ]);
    }
  });

  const forged: [string, Json, RegExp][] = [
    ["balance", clientAnswer((answer) => ({ ...answer, balance: "0x999999" })), /^ClaimMismatch: balance/],
    ["nonce", clientAnswer((answer) => ({ ...answer, nonce: "0x77" })), /^ClaimMismatch: nonce/],
    ["codeHash", clientAnswer((answer) => ({ ...answer, codeHash: OTHER })), /^ClaimMismatch: codeHash/],
    ["storageHash", clientAnswer((answer) => ({ ...answer, storageHash: OTHER })), /^ClaimMismatch: storageHash/],
    ["a zero code hash beside code", clientAnswer((a) => ({ ...a, storageHash: toWord(0n) })), /^ClaimMismatch/],
    ["a slot's value", clientAnswer((a, s) => ((s["value"] = "0xffffffff"), a)), /^ClaimMismatch: value/],
    ["a slot's proof", clientAnswer((a, s) => ((s["proof"] = []), a)), /^Truncated$/],
    ["a slot's proof that is null", clientAnswer((a, s) => ((s["proof"] = null), a)), /^Truncated$/],
    ["a slot's key", clientAnswer((a, s) => ((s["key"] = "0x8"), a)), /./],
    ["a slot without a key", clientAnswer((a, s) => (delete s["key"], a)), /^InputMalformed: .*slot/],
    ["account.balance", ownAnswer((a) => ({ ...a, account: { balance: "0x1" } })), /^ClaimMismatch: balance/],
    ["account beside the same claim", ownAnswer((a) => ({ ...a, balance: "0x1" })), /^ClaimMismatch: balance/],
    ["accountExists", ownAnswer((a) => ({ ...a, accountExists: false })), /^ClaimMismatch: accountExists/],
    ["account: null", ownAnswer((a) => ({ ...a, account: null })), /^ClaimMismatch: accountExists/],
    ["storageProof beside storage", ownAnswer((a) => ({ ...a, storageProof: [{ key: "0x5", value: "0x1" }] })), /./],
    ["an address", clientAnswer((a) => ({ ...a, address: `0x${"11".repeat(20)}` })), /./],
    ["a state root", clientAnswer((a) => ({ ...a, stateRoot: OTHER })), /^NodeHashMismatch$/],
    ["value of a key", keyCase({ value: "0x38" }), /^ClaimMismatch: value/],
    ["value of a key that is there as null", keyCase({ value: null }), /^ClaimMismatch: value/],
    ["expect absent", keyCase({ expect: "absent:emptyBranchSlot" }), /^ClaimMismatch: expect/],
    ["expect reject", keyCase({ expect: "reject" }), /^ClaimMismatch: expect/],
    ["expect of an unknown word", keyCase({ expect: "fine" }), /^InputMalformed: expect/],
  ];
  for (const [what, value, reason] of forged) {
    it(`A9: calls a case invalid for ${what}`, async () => {
      const judged = await report(value);
      expect(judged.verdict).to.equal("invalid");
      expect(judged.reason).to.match(reason);
    });
  }

  const unjudged: [string, Json, RegExp][] = [
    ["storages", clientAnswer((a) => ({ ...a, storages: [] })), /"storages"/],
    ["Balance", clientAnswer((a) => ({ ...a, Balance: "0x1" })), /"Balance"/],
    ["acountProof", clientAnswer((a) => ({ ...a, acountProof: [] })), /"acountProof"/],
    ["cases", clientAnswer((a) => ({ ...a, cases: [] })), /"cases"/],
    ["toString", clientAnswer((a) => ({ ...a, toString: 1 })), /"toString"/],
    ["constructor", clientAnswer((a) => ({ ...a, constructor: 1 })), /"constructor"/],
    ["__proto__", clientAnswer((a) => Object.fromEntries([...Object.entries(a), ["__proto__", {}]])), /"__proto__"/],
    ["a blank name", clientAnswer((a) => ({ ...a, "": 1 })), /""/],
    ["expect", clientAnswer((a) => ({ ...a, expect: "absent" })), /"expect"/],
    ["account.balances", ownAnswer((a) => ({ ...a, account: { balances: "0x1" } })), /account: .*"balances"/],
    ["storage[0].values", ownAnswer((a, s) => ((s["values"] = 1), a)), /storage\[0\]: .*"values"/],
    ["storage[0].key", ownAnswer((a, s) => ((s["key"] = "0x5"), a)), /storage\[0\]: .*"key"/],
    ["storageProof[0].slot", clientAnswer((a, s) => ((s["slot"] = "0x5"), a)), /storageProof\[0\]: .*"slot"/],
    ["a recorded answer beside a key", keyCase({ accountProof: [] }), /"accountProof"/],
    ["an envelope", { jsonrpc: "2.0", id: 1, result: clientAnswer() }, /envelope/],
    ["a long name", clientAnswer((a) => ({ ...a, ["x".repeat(10_000)]: 1 })), /^.{0,400}$/],
  ];
  for (const [what, value, message] of unjudged) {
    it(`A9: refuses a file for a member that nothing judges: ${what}`, async () => {
      const { details } = await unusable(() => readCase(value, 3));
      expect(details.what).to.equal("case 3");
      expect(details.reason).to.match(message);
    });
  }

  const CLAIMS = ["balance", "nonce", "codeHash", "storageHash", "blockHash", "blockNumber", "accountExists", "id"];
  for (const wrong of [null, true, "", "7", "0xzz", -1, 0.5, NaN, 2 ** 53, [], {}, ["0x1"], `0x${"1".repeat(65)}`]) {
    it(`A9: makes of a claim that is ${JSON.stringify(wrong)?.slice(0, 20)} no claim that was left out`, async () => {
      for (const member of CLAIMS) {
        if (member === "accountExists" && wrong === true) continue;
        if (member === "id" && (typeof wrong === "string" || wrong === -1)) continue;
        for (const value of [
          clientAnswer((a) => ({ ...a, [member]: wrong })),
          ...(["blockHash", "blockNumber", "accountExists", "id"].includes(member)
            ? []
            : [ownAnswer((a) => ({ ...a, account: { [member]: wrong } }))]),
        ]) {
          const judged = await report(value);
          expect(judged.verdict, member).to.equal("invalid");
          expect(judged.reason, member).to.match(new RegExp(`^InputMalformed: (account\\.)?${member} `));
        }
      }
    });
  }

  it("A9: says of what nothing authenticates it, and what describes the case and was not judged", async () => {
    const answer = await report({ ...clientAnswer(), blockNumber: 12, blockHash: OTHER, chain: "mainnet" });
    expect(answer.unauthenticated).to.deep.equal({
      stateRoot: answer && clientAnswer()["stateRoot"],
      blockNumber: "0xc",
      blockHash: OTHER,
    });
    expect(answer.notJudged).to.deep.equal(["chain"]);
    const key = await report(keyCase({ value: "0x37", expect: "exists", reason: "it is there" }));
    expect(key.verdict).to.equal("present");
    expect(key.unauthenticated).to.deep.equal({ root: keyCase()["root"] });
    expect(key.notJudged).to.deep.equal(["reason"]);
  });

  it("A9: of a header its hash is what nothing authenticates", async function () {
    needVectors(this);
    const vector = readVector<Json>("real/mainnet-usdt-19493153.json");
    const judged = await report(vector);
    expect(judged.unauthenticated).to.deep.equal({ blockHash: vector["blockHash"] });
    expect(judged.notJudged).to.include.members(["chain", "source", "sizes"]);
  });
});
