package dialogs

import "flag"

var updateReadme = flag.Bool("update-readme", false, "write the state diagram into README.md")
