"""Runs one MLflow python_function model for the platform that started it, over the socket that is file 3.

A frame in either direction is two 32-bit numbers, the lengths of what follows: a JSON object, and the bytes of an Arrow IPC stream,
which may be none. The platform asks (`id`, `op`), and each question has one answer, in order. Python 3.7 and later; of other packages
only what the model's environment has: mlflow, numpy, pandas and pyarrow.
"""

import json
import os
import struct
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import isolate  # noqa: E402

HEAD = struct.Struct('<II')
DETAIL = 2000


class Refused(Exception):
    """The answer of a model that cannot be given on, in words."""


def read_exactly(file, size):
    parts = []
    while size > 0:
        data = os.read(file, min(size, 1 << 20))
        if not data:
            os._exit(0)
        parts.append(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b''.join(parts)


def read_frame(file):
    head, body = HEAD.unpack(read_exactly(file, HEAD.size))
    return json.loads(read_exactly(file, head)), read_exactly(file, body) if body else b''


def write_frame(file, header, body=b''):
    text = json.dumps(header).encode()
    left = memoryview(b''.join((HEAD.pack(len(text), len(body)), text, body)))
    while left:
        left = left[os.write(file, left):]


class Model(object):
    """A loaded model and how its rows are laid out."""

    def __init__(self, asked):
        import mlflow.pyfunc
        import numpy
        import pandas
        import pyarrow

        self.numpy, self.pandas, self.pyarrow = numpy, pandas, pyarrow
        self.model = mlflow.pyfunc.load_model(asked['path'])
        self.mlflow_version = mlflow.__version__
        self.inputs = asked['inputs']
        self.kind = asked['kind']
        own = [spec for spec in self.inputs if not spec.get('param')]
        types = {spec['type'] for spec in own}
        plain = self.kind == 'columns' and len(types) == 1 and not types & {'string', 'bool'}
        self.uniform = numpy.dtype(next(iter(types))) if plain else None
        self.index = pandas.Index([spec['name'] for spec in own]) if plain else None
        self.defaults = {one['name']: one for one in asked.get('params', [])}
        self.call = self.direct() if asked.get('direct') else self.public()

    def public(self):
        """MLflow's own `predict`, which checks rows against the signature once more."""
        if self.defaults:
            return lambda data, params: self.model.predict(data, params=params)
        return lambda data, _: self.model.predict(data)

    def direct(self):
        """What MLflow calls in the end. The rows have the types of the signature already, and checking takes longer than most models."""
        import inspect

        function = getattr(self.model, '_predict_fn', None)
        if function is None or self.defaults:
            return self.public()
        try:
            takes = inspect.signature(function).parameters
        except (TypeError, ValueError):
            return self.public()
        if 'params' in takes:
            return lambda data, _: function(data, params=None)
        return lambda data, _: function(data)

    def describe(self):
        """What the model says of itself: whether it classifies, and its classes."""
        raw = None
        try:
            raw = self.model.get_raw_model()
        except Exception:  # older versions have no such method, and some models refuse
            raw = getattr(getattr(self.model, '_model_impl', None), 'sklearn_model', None) or getattr(self.model, '_model_impl', None)
        said = {'class': '%s.%s' % (type(raw).__module__, type(raw).__name__), 'mlflow': self.mlflow_version}
        classes = getattr(raw, 'classes_', None)
        try:
            if classes is not None and self.numpy.ndim(classes) == 1:
                said['classes'] = [str(one) for one in classes]
        except Exception:
            pass
        kind = getattr(raw, '_estimator_type', None)
        if not isinstance(kind, str):
            try:
                from sklearn.base import is_classifier, is_regressor

                kind = 'classifier' if is_classifier(raw) else 'regressor' if is_regressor(raw) else None
            except Exception:
                kind = None
        if kind in ('classifier', 'regressor'):
            said['kind'] = kind
        return said

    # rows in

    def columns(self, body):
        """numpy arrays of the rows by tensor."""
        # the platform sends one batch
        batch = self.pyarrow.ipc.open_stream(body).read_next_batch()
        return {spec['name']: self.values(batch.column(at), spec) for at, spec in enumerate(self.inputs)}, batch.num_rows

    def values(self, array, spec):
        np = self.numpy
        inner = spec.get('shape')
        if inner is None:
            return self.plain(array, spec)
        rows = len(array)
        flat = self.plain(array.flatten(), spec) if rows else np.empty(0)
        if spec.get('sizes'):
            inner = spec['sizes']
        return flat.reshape([rows] + list(inner))

    def plain(self, array, spec):
        np = self.numpy
        of = spec.get('of')
        if of == 'datetime':
            return self.pandas.to_datetime(array.to_pylist(), format='mixed' if self.pandas_major() >= 2 else None).to_numpy()
        if of == 'binary':
            import base64

            cells = array.to_pylist()
            return self.objects([None if one is None else base64.b64decode(one) for one in cells])
        if spec['type'] == 'string':
            return self.objects(array.to_pylist())
        if array.null_count == 0:
            return array.to_numpy(zero_copy_only=False)
        if spec['type'] == 'bool':
            return self.objects(array.to_pylist())
        found = array.cast(self.pyarrow.float64()).to_numpy(zero_copy_only=False)
        return found.astype(np.float32) if spec['type'] == 'float32' else found

    def pandas_major(self):
        return int(self.pandas.__version__.split('.')[0])

    def objects(self, cells):
        found = self.numpy.empty(len(cells), dtype=object)
        found[:] = cells
        return found

    def data(self, columns):
        """What the model is given: a frame of columns, or arrays."""
        if self.kind == 'tensor':
            return columns[self.inputs[0]['name']]
        if self.kind == 'tensors':
            return {spec['name']: columns[spec['name']] for spec in self.inputs if not spec.get('param')}
        given = {spec['name']: columns[spec['name']] for spec in self.inputs if not spec.get('param')}
        if self.uniform and all(values.dtype == self.uniform for values in given.values()):
            # one block instead of one for each column, as a frame has it that was read at once
            return self.pandas.DataFrame(self.numpy.array(list(given.values())).T, columns=self.index)
        if self.kind == 'positions':
            return self.pandas.DataFrame(dict(enumerate(given.values())))
        return self.pandas.DataFrame(given)

    def groups(self, columns, rows):
        """Rows that share their parameters: (from, to, parameters)."""
        asked = [spec for spec in self.inputs if spec.get('param')]
        if not asked:
            return [(0, rows, None)]
        found, start, last = [], 0, None
        for row in range(rows):
            now = {spec['name']: self.param(columns[spec['name']][row], spec) for spec in asked}
            now = {name: value for name, value in now.items() if value is not None}
            if row > 0 and now != last:
                found.append((start, row, last))
                start = row
            last = now
        found.append((start, rows, last))
        return found

    def param(self, value, spec):
        np = self.numpy
        if isinstance(value, np.ndarray):
            missing = [one is None or one != one for one in value]
            return None if all(missing) else [self.cell(one, spec) for one in value]
        if value is None or (isinstance(value, (float, np.floating)) and np.isnan(value)):
            return None
        return self.cell(value, spec)

    def cell(self, value, spec):
        if spec['type'] in ('int32', 'int64'):
            return int(value)
        if spec['type'] == 'bool':
            return bool(value)
        return value.item() if isinstance(value, self.numpy.generic) else value

    def answers(self, header, body):
        if header['op'] == 'ping':
            return {}, b''
        return self.score(header, body) if header['op'] == 'score' else self.predict(header, body)

    def predict(self, header, body):
        if header.get('sizes'):
            for spec in self.inputs:
                if spec['name'] in header['sizes']:
                    spec['sizes'] = header['sizes'][spec['name']]
        columns, rows = self.columns(body)
        answers = []
        for start, end, params in self.groups(columns, rows):
            part = columns if end - start == rows else {name: values[start:end] for name, values in columns.items()}
            answers.append(self.answer(self.call(self.data(part), params), end - start))
        form, outputs = answers[0] if len(answers) == 1 else self.joined(answers)
        return self.encoded(form, outputs, header.get('outputs'), rows)

    # answers out

    def answer(self, result, rows):
        """The form of an answer, and its numpy arrays by name, one row for each of the question."""
        np, pd = self.numpy, self.pandas
        if hasattr(result, 'toPandas'):
            result = result.toPandas()
        if isinstance(result, pd.DataFrame):
            return 'records', [(str(name), self.series(result.iloc[:, at], rows)) for at, name in enumerate(result.columns)]
        if isinstance(result, pd.Series):
            return 'records', [('0' if result.name is None else str(result.name), self.series(result, rows))]
        if isinstance(result, dict):
            return 'columns', [(str(name), self.array(value, rows, str(name))) for name, value in result.items()]
        return 'array', [('value', self.array(result, rows, None))]

    def series(self, series, rows):
        if len(series) != rows:
            raise Refused('it answered %d rows to %d' % (len(series), rows))
        if str(series.dtype) == 'category':
            series = series.astype(object)
        if str(series.dtype) in ('Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float32', 'Float64', 'boolean'):
            return series.astype(object).where(series.notna(), None).to_numpy() if series.isna().any() else series.to_numpy(dtype=str(series.dtype).lower().replace('boolean', 'bool'))
        return self.array(series.to_numpy(), rows, str(series.name))

    def array(self, value, rows, name):
        np = self.numpy
        what = 'it answered' if name is None else '"%s" of its answer has' % name[:100]
        if hasattr(value, 'todense') and hasattr(value, 'tocsr'):
            value = value.toarray()
        if hasattr(value, 'detach') and hasattr(value, 'numpy'):
            value = value.detach().cpu()
        if isinstance(value, self.pandas.Series):
            return self.series(value, rows)
        if isinstance(value, (str, bytes)) or value is None or not hasattr(value, '__len__'):
            if hasattr(value, '__array__') and np.ndim(value) == 0 and rows != 1:
                raise Refused('%s one value for %d rows' % (what, rows))
            if rows != 1 or value is None or isinstance(value, bytes):
                raise Refused('%s a %s, which is no list of answers to %d rows' % (what, type(value).__name__, rows))
            raise Refused('%s a single %s instead of a list of one' % (what, type(value).__name__))
        if not isinstance(value, np.ndarray):
            value = self.listed(value)
        if value.ndim == 0 or value.shape[0] != rows:
            raise Refused('%s %s rows for %d' % (what, 'no' if value.ndim == 0 else value.shape[0], rows))
        return value

    def listed(self, value):
        np = self.numpy
        if hasattr(value, '__array__'):
            return np.asarray(value)
        cells = list(value)
        if any(isinstance(one, dict) or one is None for one in cells):
            return self.objects(cells)
        try:
            found = np.asarray(cells)
            # numbers beside texts would become texts
            return self.objects(cells) if found.dtype.kind in 'US' and not all(isinstance(one, str) for one in cells) else found
        except ValueError:
            return self.objects(cells)

    def joined(self, answers):
        np = self.numpy
        forms = {form for form, _ in answers}
        names = [[name for name, _ in outputs] for _, outputs in answers]
        if len(forms) > 1 or any(one != names[0] for one in names):
            raise Refused('it answered in different forms to different parameters')
        return answers[0][0], [(name, np.concatenate([outputs[at][1] for _, outputs in answers])) for at, name in enumerate(names[0])]

    def encoded(self, form, outputs, expected, rows):
        pa = self.pyarrow
        if expected is not None:
            outputs = self.matched(outputs, expected)
        specs, arrays = [], []
        for at, (name, values) in enumerate(outputs):
            kind, array = self.arrow(values, expected[at]['type'] if expected else None, name)
            inner = list(values.shape[1:])
            if inner:
                width = 1
                for size in inner:
                    width *= size
                if width == 0:
                    raise Refused('"%s" of its answer has no values' % name[:100])
                array = pa.FixedSizeListArray.from_arrays(array, width)
            specs.append({'name': name, 'type': kind, 'shape': inner})
            arrays.append(array)
        batch = pa.RecordBatch.from_arrays(arrays, names=[spec['name'] for spec in specs])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return {'form': form, 'outputs': specs}, memoryview(sink.getvalue())

    def matched(self, outputs, expected):
        """The answer's parts in the order of the signature."""
        known = dict(outputs)
        for spec in expected:
            if spec['name'] not in known:
                raise Refused('its answer has no "%s"; it has %s' % (spec['name'], ', '.join(list(known)[:10])))
            wanted = spec['shape'][1:]
            got = list(known[spec['name']].shape[1:])
            if len(wanted) != len(got) or any(want >= 0 and want != have for want, have in zip(wanted, got)):
                raise Refused('"%s" of its answer has the shape %s a row, not %s' % (spec['name'], got, wanted))
        return [(spec['name'], known[spec['name']]) for spec in expected]

    def arrow(self, values, expected, name):
        """A type of the platform, and the values as Arrow has them."""
        np, pa = self.numpy, self.pyarrow
        flat = values.reshape(-1)
        kind = self.kind_of(flat)
        if kind == 'string' and expected not in (None, 'string'):
            raise Refused('"%s" of its answer has values that are no %s' % (name[:100], expected))
        if kind == 'string' or expected == 'string':
            return 'string', pa.array(self.texts(flat), type=pa.string())
        if kind == 'object':
            flat = np.array([np.nan if one is None else one for one in flat], dtype=np.float64)
            kind = 'float64'
        if expected is not None and expected != kind:
            with np.errstate(invalid='ignore'):
                cast = flat.astype(expected if expected != 'bool' else np.bool_)
            if not expected.startswith('float') and not np.array_equal(cast.astype(np.float64), flat.astype(np.float64)):
                raise Refused('"%s" of its answer has values that are no %s' % (name[:100], expected))
            flat, kind = cast, expected
        if kind == 'float16':
            flat, kind = flat.astype(np.float32), 'float32'
        return kind, pa.array(np.ascontiguousarray(flat))

    def kind_of(self, flat):
        kind = flat.dtype.kind
        if kind == 'b':
            return 'bool'
        if kind in 'iu' or (kind == 'f' and flat.dtype.itemsize <= 8):
            return flat.dtype.name
        if kind == 'O' and len(flat) and all(one is None or isinstance(one, (int, float, self.numpy.number)) and not isinstance(one, bool) for one in flat):
            return 'object'
        return 'string'

    def texts(self, flat):
        if flat.dtype.kind == 'M':
            return [None if self.numpy.isnat(one) else self.pandas.Timestamp(one).isoformat() for one in flat]
        return [self.text(one) for one in flat]

    def text(self, value):
        if value is None or value is getattr(self.pandas, 'NA', None) or value is self.pandas.NaT or (isinstance(value, float) and value != value):
            return None
        if isinstance(value, str):
            return str(value)
        if hasattr(value, 'isoformat'):
            return value.isoformat()
        if isinstance(value, bytes):
            import base64

            return base64.b64encode(value).decode()
        if hasattr(value, 'model_dump'):
            value = value.model_dump()
        return json.dumps(value, default=self.plainly)

    def plainly(self, value):
        if isinstance(value, self.numpy.generic):
            return value.item()
        if isinstance(value, self.numpy.ndarray):
            return value.tolist()
        return str(value)

    # scoring bodies, where rows have no types

    def score(self, header, body):
        """MLflow's own scoring of one request body; the version that saved the model does all of it."""
        from mlflow.pyfunc import scoring_server

        if not hasattr(scoring_server, 'invocations'):
            return self.score_parsed(scoring_server, body)
        schema = self.model.metadata.get_input_schema()
        try:
            found = scoring_server.invocations(bytes(body), header['type'], self.model, schema)
        except Exception as error:
            if not hasattr(error, 'get_http_status_code'):
                raise
            return {'status': error.get_http_status_code()}, error.serialize_as_json().encode()
        text, status = (found.response, found.status) if hasattr(found, 'response') else (found[0], found[1])
        return {'status': status}, text.encode() if isinstance(text, str) else bytes(text)

    def score_parsed(self, server, body):
        """The same for versions before 2.6, out of their parts."""
        schema = self.model.metadata.get_input_schema()
        data = server.infer_and_parse_json_input(bytes(body).decode(), schema)
        try:
            from io import StringIO

            out = StringIO()
            server.predictions_to_json(self.model.predict(data), out)
            return {'status': 200}, out.getvalue().encode()
        except Exception as error:
            if not hasattr(error, 'get_http_status_code'):
                raise
            return {'status': error.get_http_status_code()}, error.serialize_as_json().encode()


def words(error):
    return ('%s: %s' % (type(error).__name__, error)).strip().rstrip(':')[:DETAIL]


def serve(socket, measures, asked):
    began = time.monotonic()
    try:
        model = Model(asked)
        ready = {'op': 'ready', 'measures': measures, 'seconds': time.monotonic() - began, 'describe': model.describe()}
    except BaseException as error:
        traceback.print_exc()
        write_frame(socket, {'op': 'failed', 'detail': words(error)})
        os._exit(0)
    write_frame(socket, ready)
    while True:
        header, body = read_frame(socket)
        try:
            answer, bytes_ = model.answers(header, body)
            answer['id'] = header['id']
        except (KeyboardInterrupt, SystemExit) as error:
            os._exit(error.code if isinstance(getattr(error, 'code', None), int) else 1)
        except Refused as error:
            answer, bytes_ = {'id': header['id'], 'error': 'answer', 'detail': str(error)[:DETAIL]}, b''
        except BaseException as error:
            traceback.print_exc()
            answer, bytes_ = {'id': header['id'], 'error': 'model', 'detail': words(error)}, b''
        write_frame(socket, answer, bytes_)


def main():
    asked = json.loads(sys.argv[1])
    del sys.argv[1:]

    def program(measures):
        # only now, and only in here, does anything of the environment run: its .pth files may hold code
        import site

        sys.path.remove(HERE)
        site.main()
        serve(3, measures, asked['model'])

    isolate.run_isolated(asked['isolation'], program)


if __name__ == '__main__':
    main()
