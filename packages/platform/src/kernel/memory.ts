/**
 * Memory of fewer bytes is left to the garbage collector. It is twice of what a socket reads at once, so that larger memory is never one that a
 * stream still has a part of.
 */
export const LARGE_BYTES = 128 * 1024

/**
 * Gives memory back at once instead of when the garbage collector comes to it: for memory outside of its own heap it would come every few requests
 * with large tensors, and take longer than all else. Arrays over the memory are empty from then on, so nobody may need them any more.
 */
export function freeMemory(memory: ArrayBufferLike): void {
  if (memory instanceof ArrayBuffer && !memory.detached) memory.transfer(0)
}
