"""The one package that every Lambda of the product ships: an import path is a path in the zip."""
