/**
 * Why contributions cannot be given: `no-model` nothing but trees and linear models can be explained; `several-models` what
 * the form answers is put together from more than one; `no-cover` the file does not say how many training rows passed its
 * nodes, so background rows are needed; `form` trees of a kind that is not explained; `too-large` past a limit.
 */
export type UnexplainableReason = 'no-model' | 'several-models' | 'no-cover' | 'form' | 'too-large'

/** A form whose answers cannot be explained, with the reason in words. */
export class Unexplainable extends Error {
  readonly reason: UnexplainableReason

  constructor(reason: UnexplainableReason, what: string) {
    super(what)
    this.name = 'Unexplainable'
    this.reason = reason
  }
}
