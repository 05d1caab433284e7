"""Binary lock files that bun 1.1.0 (format 2) and 1.3.1 (format 3) wrote for one small project.

A scope, an alias, a workspace, two versions of one package, a version before a release, a package
of a repository; the second also an archive from an address. Compressed, as base64.
"""

from __future__ import annotations

import base64
import zlib


def _plain(packed: str) -> bytes:
    return zlib.decompress(base64.b64decode(packed))


FORMAT_2 = _plain(
    "eNpTVtQvLS7ST8rM00/NK1NIKs3jAmLdnPzk7LTMnFTdtPyi3MQS3TIDLiYGBgbe3edz0nUX3XHKvCWSEsl43DYskb"
    "VKrTv3sr+z4l527q8n+BjAgBNCMXCg0Q1QOhWmgCGxoABMF6UmJpcA6WaI7gagvdmpKQwMKalJpelAsdxiiHouqHw5"
    "VD9MfF52QND3ii/aE57fuCc54cgULX2PPz+iRT7ZbbVlE6463dDXzGDyUOrUsSVbjlzder3fw7UoRH5ZhHXTqvxp97"
    "gnHdsAE2dkoAwwQWlvILYAulMYTb4oWc8QRDMavZl7XT0/G5f+HiC2AupnJ9F+AVi4JuemgmhYOBoYGhmbmJoxHAOK"
    "CSMiAqf7bwKxEVAdC5BmBmIWEv3PDQxIHaB+EJ8RSZxY/eZATSZQd4LCQIlI/R5IbC48/iRkfzaS+0kFbFDMgINmhP"
    "qJAY1mRMop1DPnH/8/ShM1OmAEIYi5yEazmE5aOv/1Jrs37UUy5y9vspJIYz16QSNjRVwbl1N2Za5KzgfhWr+kl91V"
    "J9yytB2uyt/3nl7Ln7UyNUZYhOvXGaUz35HMRQ53lscBi+o8rKqPfJqqFbvVKk43WGuvgku4ydst1Udc7H5cf5Wefo"
    "B3v6/JgyPej0u4bCy9vh5cbzavNzUthC3sWGxP4Twkc5lpFA7I+YPFVrRV7smUuw/eOkx+P+eatepJue0RX7ZPXmd1"
    "sNjmz5sqh583Z9asdD+q8FFpM+srpY/XJAPPNdbvlv59yORGXDtP/EQkc1mRzd2QyX/8abLRzYYXR7+9a7AQEXTRCZ"
    "iZ3rIjbnmbZcH616eDf5l93+d/8eSiafbOl7VV187Y0nNx/6xSlyN7d5vauLXfRjKXDdncOflV0qUrXy43YmLKklyt"
    "bGH2L/PUiTcrc+1UCs8UX5/z92xD7568Kcxu/8oXhb2SLLtfxFiZpdE+4+3H5Yya3pPufkMyl51G4YucL1j8ZlVd+N"
    "cRMOHyjlf7n86XKTtprPbi/qHl5/y8Pihz/FYUElpWyTnXbtKJefwcP48ZNSZzX49tXVmpGSSxhbv2nU7JE2rnh0EK"
    "GEedNDj8sALa3LkApblsioHtgMy84pLEnBw9WFtLL6QoNdVOwchAoTizKjU/TUfBRCExJzM9Lz+NC1KS/4cA5HKeCa"
    "3cZ4AoZVDggllVamxkBzQJh5kMSObA6nlWqHmgMiIAqqyASPNg+mDtBlj9zwqtkxbAzOOGmRdtZBZbagH0txncTEOE"
    "mbB2HqydpsAGq9lhLUFYS46J0UDPXM/YBNFmhLX5mBhN9Iz1TJBaQ7BWIRMHqH0mBTQlrzQXbE+b5W++CQY53kyMut"
    "CWEqxlCmtZMjE6gNo3QBlY2xPWdmRiNNIz1DNCapUiyxjoGQBFdkH9vYsbW1IoTs0tSy3Sc60oSS3KS8wJLinKzEu3"
    "UzBEBI0FPGheQE2o54XHDDAUDbEFIii8E5OzE9NTi/XLHUoqC4B0bnF6ZklGaZIVqKWoDwkYZWgrMa8g1yqzWBcYJk"
    "mpRQ7mIKcbWoJIXVDzNaOkpKDYSl+/KDU9s7ikqFIPqDyrWC+/KF0fHFb6uhBaF0mPXkl6FdxEPAbA1QANgbN1wS4A"
    "GQFyqy7ErbpQt+IxDJwOgAaBaV1wGgAZgkdHbjFQeW6xLjgeCaiFhyNECyTxEW0+1EOwLFjuX+RdHJDofAAamScQkW"
    "pmYgeMdcz4R80XAtCelwMfnnQVllpUnJmfB8y+OA0ktb1bALWvgo84B8PcewCq/gQ+98LSvwWORE1BO5/WAAA8+5AW"
)
FORMAT_3 = _plain(
    "eNpTVtQvLS7ST8rM00/NK1NIKs3jAmLdnPzk7LTMnFTdtPyi3MQS3TIDLmYGBgbG1otVB2J4tHxVLpyu9Ndj+6vE91"
    "c2hndC+OTb/CcDZizNEGAAAy4IxcCBRjdA6U0wBQyJBQVguig1MbkESM8HYk6gQqC92akpDAwwOiU1qTQdKJdbjLAB"
    "pK4cag5MfF52QND3ii/aE57fuCc54cgULX2PPz+iRT7ZbbVlE6463QCj+5oZTB5KnTq2ZMuRq1uv93u4FoXIL4uwbl"
    "qVP+0e96RjG2DijAzUAUxQGuQHC6C7hXGoK0rWMwTRjEZv5l5Xz8/GZc4KILYCmsNOpnsCoLQuEMsgIoZkIACLx+Tc"
    "VBANiy8DQyNjE1MzhkdAMWEizIf56ysQGwHVs0D5zFCahcRwVgdGnA7QHBifEU2eWHOCgRpNkNwPC28lIs3xQGJzUR"
    "DOMPe0o/mLHMCO5A98NCOWHMwBFeekmXn/+P9RK9MxICKfEWoustEsppOWzn+9ye5Ne5HM+cubrCTSWI9e0MhYEdfG"
    "5ZRdmauS80G41i/pZXfVCbcsbYer8ve9p9fyZ61MjREW4fp1RunMdyRzkeOD5XHAojoPq+ojn6ZqxW61itMN1tqr4B"
    "Ju8nZL9REXux/XX6WnH+Dd72vy4Ij34xIuG0uvrwfXm83rTU0LYQs7FttTOA/JXGYahQMLjcxlRQ4HW9FWuSdT7j54"
    "6zD5/Zxr1qon5bZHfNk+eZ3VwWKbP2+qHH7enFmz0v2owkelzayvlD5ekww811i/W/r3IZMbce088RORzGVDNndDJv"
    "/xp8lGNxteHP32rsFCRNBFJ2BmesuOuOVtlgXrX58O/mX2fZ//xZOLptk7X9ZWXTtjS8/F/bNKXY7s3W1q49Z+G8lc"
    "5PKTZU5+lXTpypfLjZiYsiRXK1uY/cs8deLNylw7lcIzxdfn/D3b0Lsnbwqz27/yRWGvJMvuFzFWZmm0z3j7cTmjpv"
    "eku9+QzOWgUfgi5zsWv1lVF/51BEy4vOPV/qfzZcpOGqu9uH9o+Tk/rw/KHL8VhYSWVXLOtZt0Yh4/x89jRo3J3Ndj"
    "W1dWagZJbOGufadT8oTa+WwIAcZh4CTGERkPH6BtRx1uaK1qk5lXXJKYk6MHa7TqhRSlptopGBkoFGdWpean6SiYKC"
    "TmZKbn5aeB9f77DwHI9RIDWj3FhFTnwuqoCKiNNXCbS42N7ICGY7cGbg4ztP0CKhvZoOaB7FkBNecMEebB9LBCzWKG"
    "ms0INRNcLvBAzHnFAzMv2sgsttQCGBRmcDMNUd0Iaz/D2r0KbLCWCqyFDWsZMzEa6JnrGZsg2uKwNjQTo4mesZ4JUu"
    "sP1spm4gC1c6WApsDa57B2NRMzrOWZV5oLlmmz/M03wSDHm4nRE9pmhPUJYG15JsYYII8bm2mMRnqGekZI/QBkGQM9"
    "A6CIOS9EBkZz2RSn5palFum5VpSkFuUl5gSXFGXmpaNx7RQMEWFnAQ+7DKgh0vzwqAMGsyGuUGZgKEhMzk5MTy3WL3"
    "coqSwA0rnF6ZklGaVJVqCWsz4k4JShreaMkpICK319QyNzkNv1DK0szM1MgTr0StKr8gpyrTKLdYGhlpRa5ABWYGgJ"
    "InVBXQeQzmKg1qLU9MzikqJKPaDyrGK9/KJ0fXBo6utCaF0kPSBT4SbiMQCuBmgInK0LcSLQCJA/dCH+0EXyBw7DwG"
    "kIaBCY1gWnH5AheHTkFgOV5xbrgmOagFp4GEO0QBIu0eZDPQQrEsr9i7yLAxKdI6BxnYCIczMTO2CiwEweiPy0Aqr4"
    "AT9aqgtLLSrOzM+D0SFAB2sAzdO0UzDFluDIbe8LQDtoEgJEOBqpHEiAqof36GHuDgZT0LwCyyMWuBM+hf0eWgEAMt"
    "qo8w=="
)
NAMED = [
    "npm:react@19.0.0-rc.1?", "npm:is-number@7.0.0?", "npm:forked@0123456?", "npm:debug@4.3.4?",
    "npm:ms@2.1.2?", "npm:@types/ms@0.7.34?", "npm:ms@2.0.0?",
]  # fmt: skip
