import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { isScikitLearn, pipelineSteps, transform } from '../transform/index.ts'
import { adaBoost } from './adaboost.ts'
import { gradientBoosting } from './boosting.ts'
import { type EstimateOf, votingClassifier, votingRegressor } from './combine.ts'
import { bagging, decisionTree, forest } from './forest.ts'
import { histogramBoosting } from './histogram.ts'
import { discriminant, glmRegressor, linearClassifier, linearRegressor, logisticRegression, sgdClassifier } from './linear.ts'
import type { Estimate } from './result.ts'

type Read = (item: Item, cols: readonly Col[], context: Context, estimate: EstimateOf) => Estimate

/** Models over one matrix of numbers without missing values, which need no pass of their own for the plan. */
const LINEAR: Readonly<Record<string, Read>> = {
  ARDRegression: linearRegressor,
  BayesianRidge: linearRegressor,
  ElasticNet: linearRegressor,
  ElasticNetCV: linearRegressor,
  GammaRegressor: glmRegressor,
  HuberRegressor: linearRegressor,
  Lars: linearRegressor,
  Lasso: linearRegressor,
  LassoCV: linearRegressor,
  LassoLars: linearRegressor,
  LinearDiscriminantAnalysis: discriminant,
  LinearRegression: linearRegressor,
  LinearSVC: linearClassifier,
  LinearSVR: linearRegressor,
  LogisticRegression: logisticRegression,
  LogisticRegressionCV: logisticRegression,
  MultiTaskElasticNet: linearRegressor,
  MultiTaskLasso: linearRegressor,
  OrthogonalMatchingPursuit: linearRegressor,
  PassiveAggressiveClassifier: linearClassifier,
  PassiveAggressiveRegressor: linearRegressor,
  Perceptron: linearClassifier,
  PoissonRegressor: glmRegressor,
  QuantileRegressor: linearRegressor,
  Ridge: linearRegressor,
  RidgeCV: linearRegressor,
  RidgeClassifier: linearClassifier,
  RidgeClassifierCV: linearClassifier,
  SGDClassifier: sgdClassifier,
  SGDRegressor: linearRegressor,
  TheilSenRegressor: linearRegressor,
  TweedieRegressor: glmRegressor,
}

const OTHERS: Readonly<Record<string, Read>> = {
  AdaBoostClassifier: adaBoost,
  BaggingClassifier: bagging,
  BaggingRegressor: bagging,
  DecisionTreeClassifier: decisionTree,
  DecisionTreeRegressor: decisionTree,
  ExtraTreeClassifier: decisionTree,
  ExtraTreeRegressor: decisionTree,
  ExtraTreesClassifier: forest,
  ExtraTreesRegressor: forest,
  GradientBoostingClassifier: gradientBoosting,
  GradientBoostingRegressor: gradientBoosting,
  GridSearchCV: (item, cols, context, estimate) => estimate(item.get('best_estimator_'), cols, context),
  HistGradientBoostingClassifier: histogramBoosting,
  HistGradientBoostingRegressor: histogramBoosting,
  Pipeline: pipeline,
  RandomForestClassifier: forest,
  RandomForestRegressor: forest,
  RandomizedSearchCV: (item, cols, context, estimate) => estimate(item.get('best_estimator_'), cols, context),
  VotingClassifier: votingClassifier,
  VotingRegressor: votingRegressor,
}

/** What a fitted model of scikit-learn gives for columns. Throws UnreadableModel, naming the class, for what is not read. */
export function estimate(item: Item, cols: readonly Col[], context: Context): Estimate {
  if (!isScikitLearn(item)) throw item.unsupported(`${item.name} is not read`)
  if (Object.hasOwn(LINEAR, item.className)) {
    context.refuseMissing(cols)
    return (LINEAR[item.className] as Read)(item, cols, context, estimate)
  }
  if (!Object.hasOwn(OTHERS, item.className)) throw item.unsupported(`${item.name} is not read`)
  return (OTHERS[item.className] as Read)(item, cols, context, estimate)
}

/** Whether a class is one of the models that are read. */
export function isModel(item: Item): boolean {
  if (!isScikitLearn(item)) return false
  if (item.className === 'Pipeline') {
    const last = pipelineSteps(item).at(-1)
    return last !== undefined && isModel(last)
  }
  return Object.hasOwn(LINEAR, item.className) || Object.hasOwn(OTHERS, item.className)
}

function pipeline(item: Item, cols: readonly Col[], context: Context): Estimate {
  const steps = pipelineSteps(item)
  const last = steps.pop()
  if (last === undefined) throw item.malformed('a pipeline without steps')
  const taken = steps.reduce<Col[]>((all, step) => transform(step, all, context), [...cols])
  return estimate(last, taken, context)
}
