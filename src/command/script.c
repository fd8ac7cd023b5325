#include "command/command.h"

int command_script(int argc, char **argv) { return argc > 0 && argv ? EXIT_FAILED : EXIT_USAGE; }
