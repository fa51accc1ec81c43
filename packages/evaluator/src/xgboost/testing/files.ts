/** Anything that a model file is made of. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A model of two trees over three features, one of them with names for its categories: small enough to be broken in every place. */
export function smallModel() {
  return {
    learner: {
      attributes: { best_iteration: '0' } as Json,
      feature_names: ['age', 'colour', 'height'] as Json,
      feature_types: ['float', 'c', 'float'],
      gradient_booster: {
        model: {
          cats: {
            enc: [noNames(), { offsets: [0, 3, 8], values: [114, 101, 100, 103, 114, 101, 101, 110] }, noNames()] as Json,
            feature_segments: [0, 0, 2, 2],
            sorted_idx: [1, 0],
          },
          gbtree_model_param: { num_parallel_tree: '1', num_trees: '2' } as Json,
          iteration_indptr: [0, 1, 2] as Json,
          tree_info: [0, 0] as Json,
          trees: [
            tree({
              left_children: [1, 3, -1, -1, -1],
              right_children: [2, 4, -1, -1, -1],
              split_indices: [0, 1, 0, 0, 0],
              split_conditions: [0.5, 0, 1, 2, 3],
            }),
            tree({
              left_children: [2, -1, -1],
              right_children: [1, -1, -1],
              split_indices: [2, 0, 0],
              split_conditions: [-1.25, 10, 20],
              split_type: [0, 0, 0],
              categories: [],
              of: [],
            }),
          ] as Record<string, Json>[],
        } as Record<string, Json>,
        name: 'gbtree',
      } as Record<string, Json>,
      learner_model_param: { base_score: '[5E-1]', boost_from_average: '1', num_class: '0', num_feature: '3', num_target: '1' } as Record<string, Json>,
      objective: { name: 'reg:squarederror', reg_loss_param: { scale_pos_weight: '1' } } as Record<string, Json>,
    },
    version: [3, 2, 0] as Json,
  }
}

const noNames = (): Json => ({ offsets: [], values: [] })

interface TreeParts {
  left_children: number[]
  right_children: number[]
  split_indices: number[]
  split_conditions: number[]
  split_type?: number[]
  categories?: number[]
  /** Nodes that test categories; node 1 unless given. */
  of?: number[]
}

function tree({ split_type = [0, 1, 0, 0, 0], categories = [1], of = [1], ...arrays }: TreeParts): Record<string, Json> {
  const nodes = arrays.left_children.length
  const each = (value: number) => new Array<number>(nodes).fill(value)
  return {
    base_weights: each(0.25),
    categories,
    categories_nodes: of,
    categories_segments: of.map(() => 0),
    categories_sizes: of.map(() => categories.length),
    default_left: arrays.left_children.map((child, node) => (child > 0 && node === 0 ? 1 : 0)),
    id: 0,
    ...arrays,
    loss_changes: each(7.5),
    parents: each(0),
    split_type,
    sum_hessian: each(2),
    tree_param: { num_deleted: '0', num_feature: '3', num_nodes: String(nodes), size_leaf_vector: '1' },
  }
}

const utf8 = new TextEncoder()

export function json(value: Json): Uint8Array {
  return utf8.encode(JSON.stringify(value))
}

/** As XGBoost writes UBJSON: lengths of 64 bits, arrays of numbers with one type for all. */
export function ubjson(value: Json): Uint8Array {
  if (value === null) return bytes('Z')
  if (typeof value === 'boolean') return bytes(value ? 'T' : 'F')
  if (typeof value === 'number') return join(bytes(Number.isInteger(value) ? 'l' : 'd'), numbers([value], Number.isInteger(value)))
  if (typeof value === 'string') return join(bytes('S'), text(value))
  if (!Array.isArray(value)) return join(bytes('{'), ...Object.entries(value).map(([key, member]) => join(text(key), ubjson(member))), bytes('}'))
  if (!value.every((element) => typeof element === 'number')) return join(bytes('[#'), long(value.length), ...value.map(ubjson))
  const whole = value.every(Number.isInteger)
  return join(bytes(`[$${whole ? 'l' : 'd'}#`), long(value.length), numbers(value, whole))
}

function numbers(values: readonly number[], whole: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  for (const [at, value] of values.entries()) {
    if (whole) view.setInt32(at * 4, value)
    else view.setFloat32(at * 4, value)
  }
  return new Uint8Array(view.buffer)
}

function text(value: string): Uint8Array {
  const encoded = utf8.encode(value)
  return join(long(encoded.length), encoded)
}

/** A count as UBJSON has it: `L` and 64 bits. */
export function long(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(9))
  view.setUint8(0, 0x4c)
  view.setBigInt64(1, BigInt(value))
  return new Uint8Array(view.buffer)
}

export function bytes(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (char) => char.charCodeAt(0))
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
