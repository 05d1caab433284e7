"""How each ecosystem orders its versions: one file a family, and `order.key` for all of them."""
