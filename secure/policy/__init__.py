"""Facts + policy + now -> verdict, with explanations. Pure: no file, network, process or clock."""
