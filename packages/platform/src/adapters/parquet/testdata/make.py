"""Writes lz4-raw.parquet: python make.py"""

import pyarrow
import pyarrow.parquet

rows = range(3000)
table = pyarrow.table(
    {
        "number": pyarrow.array([i / 8 for i in rows], pyarrow.float64()),
        "whole": pyarrow.array([i * i for i in rows], pyarrow.int64()),
        "word": pyarrow.array([None if i % 11 == 0 else ("car", "boat", "a rather long word that comes again and again")[i % 3] for i in rows]),
        "text": pyarrow.array([f"row {i} of many " * (i % 5) for i in rows]),
    }
)
pyarrow.parquet.write_table(table, "lz4-raw.parquet", compression="lz4", row_group_size=1000, use_dictionary=["word"])
