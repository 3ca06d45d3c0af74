import { expect } from "chai";

import { headerFromRpc } from "../../src/header/fromRpc.js";
import { decodeHeader, hashHeader } from "../../src/header/header.js";
import { verifyAccountProof, verifyStorageProof, verifyTrieProof } from "../../src/index.js";
import { ownHeaders, ownProofs, ownTrieCases, type RealVector } from "../../tools/vectors.js";

describe("our own vectors", function () {
  it("H3, O7: every header hashes to anvil's hash, from its bytes and from its JSON, and decodes to its fields", function () {
    const counts = new Set<number>();
    for (const { id, rlp, hash, fields, number, parentHash, stateRoot, timestamp, rpc } of ownHeaders()) {
      expect(hashHeader(rlp), id).to.equal(hash);
      const header = decodeHeader(rlp);
      expect(header.fields.length, id).to.equal(fields);
      expect(header.parentHash, id).to.equal(parentHash);
      expect(header.stateRoot, id).to.equal(stateRoot);
      expect(header.number, id).to.equal(BigInt(number!));
      expect(header.timestamp, id).to.equal(BigInt(timestamp!));
      const served = headerFromRpc(rpc);
      expect([served.hash, served.rlp], id).to.deep.equal([hash, rlp]);
      counts.add(fields);
    }
    expect([...counts]).to.deep.equal([15, 16, 17, 20, 21]);
  });

  it("M36, M38: every account and slot that anvil answered for is present or absent as it was written", function () {
    const vectors = ownProofs();
    for (const vector of vectors) {
      const { id, headerRlp, blockHash, stateRoot, address, account, accountProof, storage } = vector;
      expect(hashHeader(headerRlp!), id).to.equal(blockHash);
      expect(decodeHeader(headerRlp!).stateRoot, id).to.equal(stateRoot);
      const verdict = verifyAccountProof({ stateRoot, account: address, proof: accountProof });
      if (account === null) expect(verdict, id).to.deep.equal({ status: "absent" });
      else expect(verdict, id).to.deep.equal({ status: "present", value: accountOf(account) });
      if (account === null) continue;
      for (const { slot, value, proof } of storage) {
        const found = verifyStorageProof({ storageRoot: account.storageHash, slot, proof });
        const wanted = BigInt(value) === 0n ? { status: "absent" } : { status: "present", value: BigInt(value) };
        expect(found, `${id}: ${slot}`).to.deep.equal(wanted);
      }
    }
    expect(vectors.filter(({ account }) => account === null).length).to.equal(6);
    expect(Math.max(...vectors.map(({ storage }) => storage.length))).to.equal(14);
  });

  it("M16, M36: every key of our tries is present with its value, or absent in each of the four ways", function () {
    const ways = new Set<string>();
    for (const { trie, root, key, value, absent, proof } of ownTrieCases()) {
      const verdict = verifyTrieProof({ root, hashedKey: key, proof });
      const wanted = value === undefined ? { status: "absent" } : { status: "present", value };
      expect(verdict, `${trie}: ${key}`).to.deep.equal(wanted);
      ways.add(absent ?? "present");
    }
    expect([...ways]).to.have.members(["present", "empty trie", "empty child", "other leaf", "other extension"]);
  });

  it("M2: no key of our tries is proven without the last node of its proof, or under the root of another trie", function () {
    const cases = ownTrieCases().filter(({ proof }) => proof.length > 0);
    for (const [i, { trie, root, key, proof }] of cases.entries()) {
      const short = verifyTrieProof({ root, hashedKey: key, proof: proof.slice(0, -1) });
      expect(short.status, `${trie}: ${key}`).to.equal("invalid");
      const other = cases.find((candidate, j) => j > i && candidate.root !== root) ?? cases[0]!;
      const elsewhere = verifyTrieProof({ root: other.root, hashedKey: key, proof });
      expect(elsewhere, `${trie}: ${key}`).to.deep.equal({ status: "invalid", reason: "NodeHashMismatch" });
    }
  });
});

function accountOf({ nonce, balance, storageHash, codeHash }: NonNullable<RealVector["account"]>) {
  return { nonce: BigInt(nonce), balance: BigInt(balance), storageRoot: storageHash, codeHash };
}
