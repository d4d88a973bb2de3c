"""The tables of a run as the rules see them: one pointer, ``w``, with a table behind each name.

A named tuple of arrays would be passed by value, seven words a table, at every call of a rule
(measured: 110 ns a call for 24 tables), and arrays behind a counted reference are counted, atomically,
at every use (measured: 72 % of a run). A world is therefore a plain address of the tables' places and
sizes. It owns nothing: ``sim.world.Workspace`` keeps the tables alive as long as the world.

Without the JIT the rules take the named tuple itself.
"""

from __future__ import annotations

import hashlib
import operator

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import load_item, make_array, store_item

from agents.rule import JIT
from sim.tables import Tables

WORD = 8  # bytes


class TableType(types.Array):
    """Numba's type of a table: an array whose rows are counted from its start only.

    NumPy's index of -1 for the last row would cost a comparison at every use of a row (8 % of a run).
    """

    def __init__(self, array: types.Array):
        super().__init__(array.dtype, array.ndim, array.layout, name=f"Table({array})")


register_model(TableType)(models.ArrayModel)


def _place(context, builder, table_type, table, index_type, index):
    """Return the address of a row or cell."""
    if isinstance(index_type, types.BaseTuple):
        parts = zip(cgutils.unpack_tuple(builder, index), index_type, strict=True)
    else:
        parts = [(index, index_type)]
    places = [context.cast(builder, part, kind, types.intp) for part, kind in parts]
    array = make_array(table_type)(context, builder, table)
    return cgutils.get_item_pointer(context, builder, table_type, array, places, wraparound=False)


@lower_builtin(operator.getitem, TableType, types.Integer)
@lower_builtin(operator.getitem, TableType, types.BaseTuple)
def _row_of_table(context, builder, signature, arguments):
    table_type, index_type = signature.args
    place = _place(context, builder, table_type, arguments[0], index_type, arguments[1])
    return load_item(context, builder, table_type, place)


@lower_builtin(operator.setitem, TableType, types.Integer, types.Any)
@lower_builtin(operator.setitem, TableType, types.BaseTuple, types.Any)
def _set_row_of_table(context, builder, signature, arguments):
    table_type, index_type, kind = signature.args
    place = _place(context, builder, table_type, arguments[0], index_type, arguments[1])
    value = context.cast(builder, arguments[2], kind, table_type.dtype)
    store_item(context, builder, table_type, value, place)


class WorldType(types.Type):
    """Numba's type of a world: the names and types of its tables, and whether many small actors are there.

    Only a populated world compiles the rules of those (``agents.rule.rule_where``).
    """

    def __init__(self, fields, populated):
        self.fields, self.populated = fields, populated
        text = repr([populated, *((name, str(kind)) for name, kind in fields)])
        # The name is part of the name of every compiled rule: a hash keeps those short.
        super().__init__(f"World{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}")

    def place(self, name: str) -> int:
        """Return the first word of a table: its address, then its sizes."""
        words = 0
        for field, kind in self.fields:
            if field == name:
                return words
            words += 1 + kind.ndim
        raise KeyError(name)


class World:
    """The address of the places and sizes of all tables of one run."""

    def __init__(self, tables: Tables):
        self.numba_type = WorldType(
            tuple((name, TableType(numba.typeof(table))) for name, table in tables._asdict().items()),
            tables.populated,
        )
        words = [word for table in tables for word in (table.ctypes.data, *table.shape)]
        self._words = np.array(words, np.uint64)
        self.address = self._words.ctypes.data
        self.tables = tables  # kept alive


def world_of(tables: Tables) -> World | Tables:
    """Return the tables as the rules see them."""
    return World(tables) if JIT else tables


@typeof_impl.register(World)
def _type_of_world(world, _context):
    return world.numba_type


@register_model(WorldType)
class _WorldModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.IntType(8).as_pointer())


@unbox(WorldType)
def _unbox_world(_kind, value, c):
    number = c.pyapi.object_getattr_string(value, "address")
    address = c.pyapi.number_as_ssize_t(number)
    c.pyapi.decref(number)
    pointer = c.builder.inttoptr(address, ir.IntType(8).as_pointer())
    return NativeValue(pointer, is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


@infer_getattr
class _WorldAttributes(AttributeTemplate):
    key = WorldType

    def generic_resolve(self, world, name):
        return dict(world.fields).get(name)


@lower_getattr_generic(WorldType)
def _table_of_world(context, builder, world, pointer, name):
    """Build the array of a table from its place and sizes, which never change during a run."""
    kind = dict(world.fields)[name]
    word = context.get_value_type(types.intp)
    words = builder.bitcast(pointer, word.as_pointer())
    constant = builder.module.add_metadata([])

    def load(place):
        address = builder.gep(words, [word(world.place(name) + place)])
        value = builder.load(address)
        value.set_metadata("invariant.load", constant)
        return value

    table = make_array(kind)(context, builder)
    item = word(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    shape = [load(1 + axis) for axis in range(kind.ndim)]
    strides, size = [], item
    for length in reversed(shape):
        strides.insert(0, size)
        size = builder.mul(size, length)
    table.meminfo = cgutils.get_null_value(table.meminfo.type)
    table.parent = cgutils.get_null_value(table.parent.type)
    table.nitems = builder.udiv(size, item)
    table.itemsize = item
    table.data = builder.inttoptr(load(0), table.data.type)
    table.shape = cgutils.pack_array(builder, shape, ty=word)
    table.strides = cgutils.pack_array(builder, strides, ty=word)
    return table._getvalue()
