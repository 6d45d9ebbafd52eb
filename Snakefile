# So that `snakemake` finds the workflow in this folder; where it is, catalogues look for it.
include: "workflow/Snakefile"


# A file that is included leaves the default target as it was.
workflow.default_target = rules.all.rule.name
