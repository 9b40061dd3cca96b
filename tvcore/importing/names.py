"""The formats that TiledViz itself imports: names and titles, for those who need not read any."""

from collections.abc import Mapping

BUNDLED: Mapping[str, str] = {
    "tileset": "a tile set of TiledViz",
    "tiledviz": "a file of TiledViz",
    "hdf5": "an ensemble in HDF5 or netCDF-4",
    "parquet": "a table in Parquet",
    "cinema": "a Cinema database",
    "csv": "a table of values with commas",
    "pictures": "a folder of pictures",
}
