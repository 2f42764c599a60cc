"""How the models of a recipe read texts: by torch, by onnxruntime, or as GLiNER does."""
