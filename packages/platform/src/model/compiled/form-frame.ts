// apart from the readers: a process that finds its forms kept needs none of them
export { isUndamaged } from '@fairlead/evaluator/run'
