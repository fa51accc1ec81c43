import { z } from 'zod'
import { row } from '../row-schema.ts'
import { signatureChange } from './deployment.ts'

/** What a drawing shows, and how deep. */
export const treeQuery = z.object({
  tree: z.coerce.number().int().min(0).default(0).describe('Number of the tree, from 0'),
  step: z.coerce.number().int().min(0).optional().describe('Number of the step that has the trees, for models with several; the first unless given'),
  depth: z.coerce.number().int().min(1).max(12).default(4).describe('Levels of splits'),
})

/** A node of a drawn tree: a split with its branches, a leaf with its values, or the rest that lies deeper than was asked for. */
export const treeNode = z.object({
  /** Number of the node in the model. */
  id: z.number().int(),
  kind: z.enum(['split', 'leaf', 'rest']),
  /** Of a split: the column, and in words what holds in the branch `yes`. */
  feature: z.string().optional(),
  test: z.string().optional(),
  threshold: z.number().optional(),
  gain: z.number().optional(),
  yes: z.number().int().optional(),
  no: z.number().int().optional(),
  /** Of a leaf: what it adds, one number or one for each output; null where JSON has no such number. */
  values: z.array(z.number().nullable()).optional(),
  linear: z.string().optional(),
  /** Of the rest: what it is made of. */
  splits: z.number().int().optional(),
  leaves: z.number().int().optional(),
  /** Weight of the training rows that came here, where the file has it. */
  cover: z.number().optional(),
})
export type TreeNode = z.infer<typeof treeNode>

/** One tree of a model; the first node is its root. */
export const modelTree = z.object({
  step: z.number().int(),
  tree: z.number().int(),
  trees: z.number().int(),
  /** The output that the tree adds to, by its class where it has one; absent where it adds to all. */
  output: z.union([z.string(), z.number()]).optional(),
  nodes: z.array(treeNode).min(1),
})
export type ModelTree = z.infer<typeof modelTree>

const cell = z.union([z.string(), z.number(), z.null()])
const size = z.object({ trees: z.number().int(), nodes: z.number().int(), depth: z.number().int() })

/** In what two versions differ, as their files and their answers say. */
export const modelComparison = z.object({
  /** Whether nothing differs: then both give the same answers. */
  same: z.boolean(),
  changes: z.array(z.object({ what: z.string(), before: cell, after: cell })),
  ensembles: z.array(
    z.object({
      before: size,
      after: size,
      /** Trees at the same place that ask and answer the same, and those that do not. */
      same: z.number().int(),
      changed: z.number().int(),
      firstChanged: z.array(z.number().int()),
      added: z.number().int(),
      removed: z.number().int(),
    }),
  ),
  /** Columns whose part of the importance moved, the largest move first; parts from 0 to 1. */
  importance: z.array(z.object({ name: z.string(), before: z.number(), after: z.number(), shift: z.number() })),
  /** What changes for callers when the second takes the place of the first. */
  signature: z.array(signatureChange).optional(),
  /** What both answer to the rows that came with them; absent where none did. */
  answers: z
    .object({
      /** Rows that both answered, and those that one of them does not take or whose answers have nothing in common. */
      rows: z.number().int(),
      leftOut: z.number().int(),
      /** Rows that both answer the same, to the last digit. */
      equalRows: z.number().int(),
      /** Rows whose labels or texts differ. */
      labelRows: z.number().int(),
      /** Largest difference of two numbers. */
      largestDifference: z.number(),
      /** The rows that differ most, other labels first, each with the field that differs most. */
      differing: z.array(z.object({ row, field: z.string(), before: cell, after: cell })),
    })
    .optional(),
})
export type ModelComparison = z.infer<typeof modelComparison>
