/** The version of all parts that are released together: services, command, packages. */
export const VERSION = '0.1.0';
