import { expect } from "chai";

import { forks, signersOf } from "../../scenarios/world.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { GuardedOrderQueue__factory } from "../../typechain-types/index.js";

describe("OrderQueue", () => {
  it("SG-9: an anchor from before the order vouches for no order, and would survive the reorg that replaces it", async () => {
    const chain = await forks.create();
    const { deployer, keeper, alice, bob } = await signersOf(chain);
    const queue = await new GuardedOrderQueue__factory(deployer).deploy(keeper);
    await chain.mine(5);
    await queue.connect(alice).queue(1n, { value: 1n });
    const queuedAt = chain.head.number;
    const below = await latestAnchor(chain.request, { depth: 2 });
    const execute = queue.connect(keeper).getFunction("execute");

    // The shallow reorg leaves the anchor canonical and puts Bob's order under Alice's key.
    await chain.reorg({ depth: 1, seed: "shallow", keep: false });
    await queue.connect(bob).queue(1_000_000n, { value: 1n });
    expect(chain.at(below.number)?.hash).to.equal(below.hash);
    await expect(execute(1n, below))
      .to.be.revertedWithCustomError(queue, "AnchorBeforeOrder")
      .withArgs(1n, queuedAt + 1n, below.number);

    await chain.mine(2);
    await execute(1n, await latestAnchor(chain.request, { depth: 2 }));
    expect((await queue.orders(1n)).executed).to.equal(true);
    await chain.close();
  });
});
