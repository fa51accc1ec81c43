/**
 * A tree ensemble: nodes of all trees in parallel arrays. A row starts at a tree's root and at each split goes to `yes`
 * or `no`, until a leaf. Readers make every test one of four (`x > t` is `x ≤ t` with its children changed over); where a
 * missing value goes is always said by the node and never follows from a comparison.
 */
export interface Trees {
  /** Columns of a row. */
  readonly features: number
  readonly outputs: number
  /** Rows are rounded to this type before they are compared; `value` of a split is of this type. */
  readonly compare: 'f32' | 'f64'
  /** Type of leaves and sums. */
  readonly sum: 'f32' | 'f64'
  /** |x| up to this is taken as 0 before all else (LightGBM: 1e-35 as f32); 0 for none. */
  readonly zero: number
  /** First node of each tree, in the order in which the trees are summed. */
  readonly roots: Int32Array
  /** The output that a tree with scalar leaves adds to, for each tree; unused with vector leaves. */
  readonly target: Int32Array
  /** The column that a split tests; −1 for a leaf. */
  readonly feature: Int32Array
  /** What a split tests and where missing values go: see TEST and MISSING. 0 for a leaf. */
  readonly rule: Uint8Array
  /** Threshold of a split (for TEST.in: position of its set); value of a leaf with `leaf: 'scalar'`. */
  readonly value: Float64Array
  /** Child where the test holds. For a leaf: its row in `vectors`, or its number in `linear`; else −1. */
  readonly yes: Int32Array
  readonly no: Int32Array
  /** scalar: `value` of the leaf is added to the tree's target. vector: its row of `vectors` is added to all outputs. */
  readonly leaf: 'scalar' | 'vector'
  /** Rows of `outputs` numbers; empty with scalar leaves. */
  readonly vectors: Float64Array
  readonly sets: Sets
  /** Start of the sums, one per output. */
  readonly base: Float64Array
  /** Added before the first tree (XGBoost) or after the last and after `divisor` (ONNX). */
  readonly baseFirst: boolean
  /** How trees come together. Each sum is divided by `divisor` (1: not at all) before a base that comes last. */
  readonly aggregate: 'sum' | 'min' | 'max'
  readonly divisor: number
  /** Linear models in the leaves (LightGBM `linear_tree`). */
  readonly linear?: LinearLeaves
  /** Weight of the training rows that passed each node (hessians or counts), where the file has it: for path-dependent SHAP. */
  readonly cover?: Float64Array
  /** Gain of each split, where the file has it; 0 for leaves. */
  readonly gain?: Float64Array
}

/** The test of a split, in the low two bits of its rule. */
export const TEST = {
  /** x < value */
  less: 0,
  /** x ≤ value */
  atMost: 1,
  /** x = value */
  equal: 2,
  /** x, cut to an integer, is in the set; numbers below 0 and those beyond the set are not (but see MISSING.cutFirst) */
  in: 3,
} as const

/** Further bits of a rule. */
export const MISSING = {
  /** A missing value goes to `yes`; without this bit to `no`. */
  yes: 4,
  /** Zero counts as missing, as NaN does. */
  zeroToo: 8,
  /** Nothing is missing: NaN is taken as 0 and tested. */
  none: 16,
  /** Of TEST.in: x is cut to an integer before it is seen to be below 0, so that −0.5 is 0 (LightGBM); without this bit −0.5 is in no set (XGBoost). */
  cutFirst: 32,
} as const

/** Sets of small whole numbers: set s has words `words[start[s] … start[s + 1])`, 32 members each, lowest bit first. */
export interface Sets {
  readonly start: Int32Array
  readonly words: Uint32Array
}

/**
 * Linear models of leaves: leaf l gives `constant[l] + Σ coefficient[k] · x[feature[k]]` for k in `start[l] … start[l + 1]`,
 * or the leaf's `value` where one of these features is NaN.
 */
export interface LinearLeaves {
  readonly start: Int32Array
  readonly feature: Int32Array
  readonly coefficient: Float64Array
  readonly constant: Float64Array
}
