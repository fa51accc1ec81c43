/** Lines of a LightGBM file by key, to be changed by tests before they are put together. */
export interface Parts {
  header: Record<string, string>
  trees: Record<string, string>[]
  tail: string
  /** Whether `tree_sizes` is worked out from the trees. */
  sizes: boolean
}

/** A file of two trees over three columns: a number, one of pandas' categories, a number; the second tree has linear leaves. */
export function parts(): Parts {
  return {
    header: {
      version: 'v4',
      num_class: '1',
      num_tree_per_iteration: '1',
      label_index: '0',
      max_feature_idx: '2',
      objective: 'binary sigmoid:1',
      feature_names: 'age colour größe',
      feature_infos: '[18:99] -1:0:1:2 [0:1.5]',
    },
    trees: [
      {
        num_leaves: '4',
        num_cat: '1',
        split_feature: '0 1 2',
        split_gain: '12.5 3 0.25',
        threshold: '41.500000000000007 0 1.0000000180025095e-35',
        decision_type: '2 1 10',
        left_child: '1 -1 -3',
        right_child: '2 -2 -4',
        leaf_value: '0.10000000000000001 -0.20000000000000001 0.5 1',
        leaf_weight: '1 2 3 4',
        leaf_count: '10 20 30 40',
        internal_value: '0 1 2',
        internal_weight: '10 3 7',
        internal_count: '100 30 70',
        cat_boundaries: '0 1',
        cat_threshold: '5',
        is_linear: '0',
        shrinkage: '1',
      },
      {
        num_leaves: '2',
        num_cat: '0',
        split_feature: '2',
        split_gain: '7',
        threshold: '0.5',
        decision_type: '6',
        left_child: '-1',
        right_child: '-2',
        leaf_value: '1 2',
        leaf_weight: '50 50',
        leaf_count: '50 50',
        internal_value: '0',
        internal_weight: '100',
        internal_count: '100',
        is_linear: '1',
        leaf_const: '0.5 0.25',
        num_features: '2 0',
        leaf_features: '0 2  ',
        leaf_coeff: '0.125 2  ',
        shrinkage: '0.1',
      },
    ],
    tail: '\nfeature_importances:\nage=1\n\nparameters:\n[boosting: gbdt]\n[categorical_feature: 1]\n\nend of parameters\n\npandas_categorical:[["red", "gr\\u00fcn", "blue"]]\n',
    sizes: true,
  }
}

/** The file as text. */
export function text({ header, trees, tail, sizes }: Parts): string {
  const lines = (fields: Record<string, string>) => Object.entries(fields).map(([key, value]) => (value === 'BARE' ? `${key}\n` : `${key}=${value}\n`))
  const blocks = trees.map((tree, index) => `Tree=${index}\n${lines(tree).join('')}\n\n`)
  const said = sizes ? { tree_sizes: blocks.map((block) => new TextEncoder().encode(block).length).join(' ') } : {}
  return `tree\n${lines({ ...header, ...said }).join('')}\n${blocks.join('')}end of trees\n${tail}`
}

/** The file's bytes, after `change` had its way with the parts. */
export function file(change: (parts: Parts) => void = () => undefined): Uint8Array {
  const made = parts()
  change(made)
  return new TextEncoder().encode(text(made))
}
