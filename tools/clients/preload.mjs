/**
 * Loaded into the client's process before its own code.
 *
 * - The port that it got is told to the parent. Port 0 asks the system for a free one, and the client prints the 0.
 * - Idle connections stay open: a request on one that is being closed would fail.
 * - The process ends with its parent, however the parent ends.
 */
import { Server } from "node:http";

const { listen } = Server.prototype;

Server.prototype.listen = function (...args) {
  this.once("listening", () => process.send({ port: this.address().port }));
  this.keepAliveTimeout = 0;
  return listen.apply(this, args);
};

process.once("disconnect", () => process.exit());
