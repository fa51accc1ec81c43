// What running a form takes, without the readers: the second entry of the package.
export { compile, WrongInput } from './engine/index.ts'
export { decodeForm, isUndamaged } from './form/codec/index.ts'
