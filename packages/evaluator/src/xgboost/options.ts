export interface XGBoostOptions {
  /**
   * Whose answers are given: those of `Booster.predict` (outputs `prediction`, `margin`), of XGBClassifier (`label`,
   * `probabilities`, `margin`), or of XGBRegressor and XGBRanker (`prediction`, `margin`). Default: booster.
   */
  readonly as?: 'booster' | 'classifier' | 'regressor'
  /** All rounds, or those up to the best of early stopping, where the file says. Default: all for `booster`, best for the others, as the library does. */
  readonly iterations?: 'all' | 'best'
  /** A number that counts as missing beside NaN, as given to `DMatrix(missing=…)` in training: it is not in the file. */
  readonly missing?: number
  /** Labels of the classes in order. Default: 0, 1, … */
  readonly classes?: readonly (string | number)[]
  /** What becomes of a category that the model does not know. Default: refuse. */
  readonly unseen?: 'refuse' | 'missing'
}
