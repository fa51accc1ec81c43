import importlib.util
import os


class Model(object):
    def __init__(self, path):
        spec = importlib.util.spec_from_file_location('model', os.path.join(path, 'model.py'))
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.metadata = self

    def get_input_schema(self):
        return None


def load_model(path):
    return Model(path)
